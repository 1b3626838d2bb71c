import UnionTicket
import Crypto
import CryptoExtras
