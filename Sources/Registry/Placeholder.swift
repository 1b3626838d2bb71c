import UnionTicket
import GRDB
