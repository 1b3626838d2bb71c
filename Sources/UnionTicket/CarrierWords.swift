extension CarrierState {
    /// The state in the union's words, as papers and exports tell it.
    public var russian: String {
        switch self {
        case .allocated: "номер выделен"
        case .printed: "изготовлена"
        case .spoiled: "брак"
        case .shipped: "отправлена"
        case .atRegion: "в региональной организации"
        case .atPrimary: "в первичной организации"
        case .unclaimed: "не востребована"
        case .handedOut: "выдана"
        case .active: "действует"
        case .suspended: "приостановлена"
        case .lost: "утрачена"
        case .stolen: "похищена"
        case .damaged: "испорчена"
        case .replaced: "заменена"
        case .expired: "истёк срок"
        case .withdrawn: "изъята"
        case .destroyed: "уничтожена"
        }
    }
}
