#include <linux/input.h>

// Macros with sizes do not come into Swift: they are functions here.

static inline unsigned long input_grab_request(void) { return EVIOCGRAB; }

static inline unsigned long input_clock_request(void) { return EVIOCSCLOCKID; }

static inline unsigned long input_name_request(unsigned int length) { return EVIOCGNAME(length); }
