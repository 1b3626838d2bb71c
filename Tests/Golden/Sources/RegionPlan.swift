import UnionTicket

/// How one region's people live so that its counts come out (docs/golden.md says the rule in words).
///
/// People have places from 0. Holders are those who ever get a first card; a holder's ordinal is not
/// its place: the second wave's holders stand after the first wave's people without a card.
struct RegionPlan {
    let counts: RegionCounts
    let code: OrganisationCode
    /// Number of the region's first person among all.
    let offset: Int

    /// Holders who leave the union by 08.12.2020.
    let leavers: Int
    /// Of them in September.
    let earlyLeavers: Int
    /// Cards made anew.
    let reissues: Int
    /// Holders who are on record as of 08.12.2020.
    let stayers: Int
    /// Holders of the first and of the second wave.
    let holders: (first: Int, second: Int)
    /// Cards of the first wave that the plant spoils.
    let spoiled: Int
    /// Stayers who lose their card and order none.
    let bereft: Int
    /// On record, numbered, without a card yet: theirs is at the plant.
    let pipeline: Int
    /// On record without any card, by wave.
    let without: (first: Int, second: Int)
    /// Stayers with a virtual card, by ordinal.
    let virtual: Range<Int>
    /// Stayers, and members without a card, who are in the programme.
    let programme: Programme
    /// Who joins after 08.12.2020.
    let later: Int
    /// Of them with a card.
    let laterCards: Int
    /// Stayers who leave after 08.12.2020.
    let lateLeavers: Int

    /// Who is in the bonus programme.
    struct Programme {
        /// Holders, by ordinal.
        let holders: [Range<Int>]
        /// The first of those at the plant.
        let pipeline: Int
        /// The first of those without a card.
        let without: Int
    }

    init(_ counts: RegionCounts, _ code: OrganisationCode, offset: Int) {
        (self.counts, self.code, self.offset) = (counts, code, offset)
        let (registered, cards) = (counts.registered, counts.cards)
        let surplus = max(0, cards - registered)
        leavers = min(counts.members - registered, max(cards / 50, (surplus + 3) / 4))
        reissues = max(cards / 100, cards - leavers - registered)
        stayers = cards - leavers - reissues
        let all = stayers + leavers
        earlyLeavers = reissues > 0 ? min(leavers / 3, all - (reissues + 7) / 8) : leavers / 3
        holders = (all * 3 / 5, all - all * 3 / 5)
        spoiled = reissues > all ? 0 : (holders.first + 900) / 1000
        bereft = stayers / 200
        let bare = registered - stayers
        pipeline = max(counts.virtual - stayers, min(bare, counts.virtual / 10))
        without = ((bare - pipeline) * 2 / 3, (bare - pipeline) - (bare - pipeline) * 2 / 3)
        let window = counts.virtual - pipeline
        let start = leavers + (stayers - window) * 3 / 5
        virtual = start..<start + window
        programme = Self.programme(
            counts.programme,
            virtual,
            pipeline: pipeline,
            below: leavers..<start,
            above: start + window..<all
        )
        later = counts.members - registered - leavers
        laterCards = later / 20
        lateLeavers = stayers / 100
    }

    /// Whoever has a virtual card first, then the other holders, then those without a card.
    private static func programme(
        _ count: Int,
        _ virtual: Range<Int>,
        pipeline: Int,
        below: Range<Int>,
        above: Range<Int>
    ) -> Programme {
        var rest = count
        func take(_ most: Int) -> Int {
            let taken = min(rest, most)
            rest -= taken
            return taken
        }
        let onPhones = virtual.lowerBound..<virtual.lowerBound + take(virtual.count)
        let atPlant = take(pipeline)
        let ranges = [above, below].map { $0.lowerBound..<$0.lowerBound + take($0.count) }
        return Programme(holders: [onPhones] + ranges, pipeline: atPlant, without: rest)
    }

    /// Holders of both waves.
    var allHolders: Int { holders.first + holders.second }

    /// The places of each import.
    var firstImport: Range<Int> { 0..<holders.first + without.first }
    var secondImport: Range<Int> {
        firstImport.upperBound..<firstImport.upperBound + holders.second + without.second
    }
    var plantImport: Range<Int> {
        secondImport.upperBound..<secondImport.upperBound + pipeline
    }
    var laterImport: Range<Int> { plantImport.upperBound..<plantImport.upperBound + later }

    /// The place of a holder.
    func place(ofHolder ordinal: Int) -> Int {
        ordinal < holders.first ? ordinal : ordinal + without.first
    }

    /// How many holders get a card anew in a round; a person gets at most one a round.
    func reissues(round: Int) -> Range<Int> {
        let most = allHolders - earlyLeavers
        let count = max(0, min(most, reissues - round * most))
        return allHolders - count..<allHolders
    }
}
