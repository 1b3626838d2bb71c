"""What the reports must say of a region, by the rule of docs/golden.md and nothing of the program's.

People are places from 0; whoever a figure counts is a list of ranges of places, so that any primary organisation
can be counted too.
"""

PAST, DAY = "2020-10-01", "2020-12-08"
LAST = "2021-03-01"


class Region:
    def __init__(self, row):
        self.members, self.registered, self.cards = row["members_2020"], row["register_2020_12_08"], row["plastic_cards"]
        self.virtual, self.programme = row["virtual_est"], row["bonus_est"]
        self.primaries, self.territorials = row["ppo_est"], row["tpo_est"]
        beyond = max(0, self.cards - self.registered)
        self.left = min(self.members - self.registered, max(self.cards // 50, -(-beyond // 4)))
        self.reissued = max(self.cards // 100, self.cards - self.left - self.registered)
        self.holders = self.cards - self.reissued
        self.staying = self.holders - self.left
        self.left_early = self.left // 3
        if self.reissued:
            self.left_early = min(self.left_early, self.holders - -(-self.reissued // 8))
        self.first = self.holders * 3 // 5
        self.spoiled = (self.first + 900) // 1000 if self.reissued <= self.holders else 0
        self.bereft = self.staying // 200
        bare = self.registered - self.staying
        self.plant = max(self.virtual - self.staying, min(bare, self.virtual // 10))
        bare -= self.plant
        self.bare_first = bare * 2 // 3
        self.bare_second = bare - self.bare_first
        on_cards = self.virtual - self.plant
        begin = self.left + (self.staying - on_cards) * 3 // 5
        self.window = (begin, begin + on_cards)
        self.later = self.members - self.registered - self.left

    # ranges of places
    def places(self, low, high):
        """Of holders by ordinal: the second wave's stand after the first wave's people without a card."""
        first = (low, min(high, self.first))
        second = (max(low, self.first) + self.bare_first, high + self.bare_first)
        return [(a, b) for a, b in (first, second) if a < b]

    @property
    def bare(self):
        a = self.first
        b = self.holders + self.bare_first
        return [(a, a + self.bare_first), (b, b + self.bare_second)]

    @property
    def plant_places(self):
        begin = self.holders + self.bare_first + self.bare_second
        return [(begin, begin + self.plant)]

    @property
    def later_places(self):
        begin = self.holders + self.bare_first + self.bare_second + self.plant
        return [(begin, begin + self.later)]

    def on_record(self, day):
        if day == PAST:
            return self.places(self.left_early, self.first) + self.bare[:1]
        late = self.staying // 100 if day == LAST else 0
        people = self.places(self.left + late, self.holders) + self.bare + self.plant_places
        return people + (self.later_places if day == LAST else [])

    def plastic(self, day):
        if day == PAST:
            return self.places(self.left_early, self.first - self.spoiled)
        return self.places(self.left, self.holders - self.bereft)

    def on_phones(self, day):
        low, high = self.window
        if day == PAST:
            return self.places(low, min(high, self.first))
        return self.places(low, high) + self.plant_places

    def in_programme(self, day):
        """Whoever has a phone first, then other holders, then those without a card."""
        rest = self.programme
        low, high = self.window
        chosen = []
        for begin, end in [*self.places(low, high), *self.plant_places, *self.places(high, self.holders),
                           *self.places(self.left, low), *self.bare]:
            taken = min(rest, end - begin)
            rest -= taken
            chosen.append((begin, begin + taken))
        return common(chosen, [(0, self.first + self.bare_first)]) if day == PAST else chosen

    def round(self, number):
        """The holders, by ordinal, who get a card anew in a round; nobody gets two."""
        most = self.holders - self.left_early
        return (self.holders - max(0, min(most, self.reissued - number * most)), self.holders)

    def figures(self, day):
        """What the reports show of the region as of one of the two days."""
        record, plastic, phones = self.on_record(day), self.plastic(day), self.on_phones(day)
        programme = self.in_programme(day)
        made = self.first - self.spoiled if day == PAST else self.cards
        anew = [self.round(number) for number in range(8)] if day == DAY else []
        found = {
            "returned": self.members, "registered": length(record), "plastic": length(plastic),
            "virtual": length(phones), "both": length(common(plastic, phones)), "programme": length(programme),
            "app": length(common(programme, phones)), "produced": made, "handedOut": made,
            "first": made - sum(end - begin for begin, end in anew), "spoiled": self.spoiled,
            "former": self.left_early if day == PAST else
            self.left + sum(max(0, self.left - max(begin, self.left_early)) for begin, end in anew),
            "lost": 0, "damaged": 0, "stolen": 0, "unclaimed": 0, "legacy": 0,
        }
        for begin, end in anew:
            count = end - begin
            for reason, places in (("lost", (0, 1)), ("damaged", (2,)), ("stolen", (3,))):
                found[reason] += sum((count - place + 3) // 4 for place in places)
        found["none"] = found["registered"] - found["plastic"] - found["virtual"] + found["both"]
        return found

    def primary(self, day, index):
        """On record and with plastic in one primary organisation, from 0: they are filled one after another."""
        own = [(-(-index * self.members // self.primaries), -(-(index + 1) * self.members // self.primaries))]
        return length(common(self.on_record(day), own)), length(common(self.plastic(day), own))

    def primary_code(self, code, index):
        return f"{code}-{index * self.territorials // self.primaries + 1:03}-{index + 1:04}"


def length(ranges):
    return sum(end - begin for begin, end in ranges if begin < end)


def common(left, right):
    """What two lists of ranges share; the ranges of one list do not overlap."""
    both = [(max(a, c), min(b, d)) for a, b in left for c, d in right]
    return [(begin, end) for begin, end in both if begin < end]
