import ArgumentParser
import Yams

@main struct ProfBilet: ParsableCommand {}
