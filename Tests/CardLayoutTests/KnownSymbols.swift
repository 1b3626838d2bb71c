import Testing

/// QR symbols that the Python libraries segno and qrcode make alike, bit for bit.
///
/// The prefix is `AB/` up to version 2 and a URL above; the digits are ``digits(_:)``.
struct KnownSymbol: Sendable, CustomTestStringConvertible {
    let version: Int
    let level: String
    /// How many digits stand in it.
    let count: Int
    /// How many would fit.
    let capacity: Int
    /// For each mask the first four bytes of the SHA-256 over its rows.
    let hashes: [String]

    var prefix: String { version < 3 ? "AB/" : "HTTPS://EPB.EXAMPLE.RU/C/" }
    var testDescription: String { "\(version)-\(level)" }

    static func digits(_ count: Int) -> String {
        (0..<count).map { "\(($0 * 7 + $0 / 5 + 3) % 10)" }.joined()
    }

    static let all: [KnownSymbol] = rows.split(separator: "\n").map { row in
        let cells = row.split(separator: " ").map(String.init)
        return KnownSymbol(
            version: Int(cells[0]) ?? 0,
            level: cells[1],
            count: Int(cells[2]) ?? 0,
            capacity: Int(cells[3]) ?? 0,
            hashes: Array(cells[4...])
        )
    }

    /// Version, level, digits, digits that would fit, hashes for the masks 0…7.
    private static let rows = """
        1 L 32 32 a4ef65d2 2873305c c6e87f9d 8de92622 4e607391 ba1c44b7 ed2202f9 d0c89b42
        1 M 25 25 18e5be4a 6d8576b8 982b61ef 73cafbb2 54974948 96a1cf21 ce635dbb 7a17c246
        1 Q 18 18 000019eb 22005d2a c5d08790 3abe0993 ac4121aa f2765982 3f525340 fdfce344
        1 H 8 8 4907872d 0e840688 14af6bf3 b8c19504 94ce1cd8 f80bf113 b15937bc 8f3c3a83
        2 L 57 68 87153ce9 7e2088ca 71b9471e 1d84cc83 c9424414 ceb42dd5 84bc265d 91bef169
        2 M 42 54 6d150053 d3e002ca dbb3485c 88e481cf 22aab86d 99f7d5da 71cb1c7b ab0d2714
        2 Q 28 39 925d54ea 0fec959f c86c220f 0665f312 7ddcc72b e7f2fba7 e3f160f4 0df8b545
        2 H 14 25 3b728da2 4f9ddbe6 6e3b2a6d 89b02d4b 1246fa2f c39539d8 ea004a5b 352f0c95
        3 L 82 82 1e045f38 805eb750 d6956ca0 ccc58501 e2830d5b 97c6e808 6da0e9e9 bf75b05b
        3 M 56 56 ef612310 50a2e406 b6c676bf f7e6305d 739dbe1f 5c00ac89 a8b94b42 fa2dc910
        3 Q 32 32 bb3dba12 16a74457 0c22290d 91fc14d8 95db6775 cab628ea 85980c8f 051e2a25
        3 H 12 12 36ef2720 c137f351 e18aabf8 c8de0a42 887faeb5 82e2ceb0 3e0296ed ed16242a
        4 L 131 142 f8bffece e7c4748f c39800f3 a9a9d9ed eea76c01 9bad7352 6e36c4b0 12c4d662
        4 M 93 104 84565f16 8fe04459 c1536170 266f5dc1 7fdf85a7 fdc1c5a3 195d5f4f e528a304
        4 Q 54 65 f2c08880 1aac5d09 d1f897d5 0da23717 70d3c049 dbcdb4e5 5faf4891 de608974
        4 H 25 36 67ef7ef7 0432423e 7a545a59 6210d49a 9396cf5d ad046907 3751a0ef 1cb401a0
        5 L 209 209 20be018c 58b76f7f 044a3fbb 04ebd5a3 f699c857 c7c0006c 8336306e e8cfd889
        5 M 156 156 702d5d9d 4390e4e3 96f7aaea 6dd62caf abeeccbc acd145b3 803707f5 ca1e1e72
        5 Q 99 99 41ebb1cb 61be501d b4916d14 c6cad8ff 94d1f0e3 c428e188 ce3894b8 7860cd5a
        5 H 60 60 e71e6def 50a853e7 eb2feac0 0da88db0 949dc880 570b5ad1 0712964b 25a427a9
        6 L 265 276 3be4f0ac c5b62806 fcc3f66b b8c1ba1d 2adb6216 06fad667 f81ea5d3 b83aba46
        6 M 198 209 6193cb99 d9a774ef 454b19a1 0d486503 7d89a0df 3319056d fb491851 4027e7ed
        6 Q 121 132 4e37b4fb 72a1d48c 38e8f570 01a985fe 275bc301 0375b948 689daed1 0e1b82ae
        6 H 83 94 a995a27c 7f43d996 851779bb e765c92f fd4b2ec8 42c6f62e 87c06767 f43a8bfd
        7 L 324 324 2fdb1c4a cf0acc58 0fd9a5df 92a69f2b 0f380d95 a4536beb 1e092a8e 2480a2a9
        7 M 248 248 1e09b973 57a1cc1d b6fb712b 8a98608f 0912d983 3b0c0505 ef71208a fa8df5d7
        7 Q 161 161 fec085bf 752a1f33 a6c12928 21bcec27 17bf67cb 4bcbfa1f 570e4f72 df43b76b
        7 H 108 108 5b46da66 ecf2f2f1 c25b913c 76a9ea7c 5c84be74 ce86717e 87b96ee3 bea15d85
        8 L 405 416 4bdc641d 268b2123 d0a52bc9 253e7052 1622d500 54b2f656 443c0010 19b4a676
        8 M 309 320 3f10c845 f4c95077 3083a632 1fec2b49 d3abcf91 a0383875 45de8a3c a00f8e19
        8 Q 203 214 7fb27a95 281bd2cf 70c897f3 b2494573 5132a27d 383115a1 74aa8a5b 7f4136ba
        8 H 145 156 ae11d3c0 db3a0299 0d1e6e75 dd5091f2 3258abdf 2f7cb539 719b3f42 b2caaf0d
        9 L 507 507 b65c9b35 4e73f4d9 ee4a6022 cb199d99 6f76f693 4000dc18 6ef43b8c f3fbd18a
        9 M 387 387 eea8dd25 4da6e047 34cee4eb fed82cfa 04aa4ccb 3c069459 89223fdf 5f74f943
        9 Q 267 267 69923327 6b57bc8a df4fda58 24c411c9 0c3712b0 e9177397 8693d1be 80163904
        9 H 190 190 015ad24d b42692fe 201e9ddd de3412ea 4cd5e766 73d2f86f b17acc00 16ae2df9
        10 L 595 606 b33ba296 2a57aa4a f39e6af1 984f4d42 cecdfe22 cdcd3215 2d9bd1d8 e8250281
        10 M 456 467 8b6a9c96 509b5b4f a6b6bcc6 a0ccd7e3 4858fea0 1013380d 7d89a8b0 cfa3546e
        10 Q 307 318 1f319aac b9547bda 262a7e45 53606822 3c7caaac 7110fd28 beda4a4d 6a5ef69a
        10 H 231 242 1fcce046 4db33c0b 3a077902 f00d4c6b 9c445c80 bc587a41 e5cd91cb d8149ff6
        11 L 726 726 a63079d5 b4628340 8afc761f b40db2dc 28246b7a 4c651088 3d113b30 ea480dca
        11 M 558 558 6e704825 ed906284 0b26b75f 677ba9fa a58904be ae52bec1 2cebfec6 625cb6a3
        11 Q 381 381 c14e90eb 0f2336e6 eea5463c 101d4b0d edc04529 d2c6ade3 68c304eb 98263bc4
        11 H 285 285 d43c554d 2cac6568 b05c8858 d7161dec 060fa343 9fb90840 b487127e 22ade556
        12 L 826 837 739425f1 49710449 f72f69ca 5291cd18 29d54f35 9c802fa6 4f624299 f4b9ebfc
        12 M 634 645 79f8e2e6 ff3657ae d86f0dff 861cd220 b77a2b80 eb271d29 c87f559a 35a63534
        12 Q 432 443 5e5ac616 38a0f4dc 0d5785d6 222b5a5a 699c5f03 0b0b04e3 ffccd3fb fae7a590
        12 H 317 328 a3c1f989 d0014355 ecc68669 77ab4d2f cafcd0c0 fb308965 ac07e8d4 30f4c842
        13 L 976 976 fa6dae63 9e6299ba d1ffc610 d8e0dc7f de8cfc8b af67718e c151dd80 fb176410
        13 M 750 750 33269ea6 63def0cc 4a43c104 e424e695 3dfd6f02 863083d0 fe616cd9 2762faa1
        13 Q 534 534 b5a851e7 93f0b19e 1280672c ec296ff3 2e78a0c7 da5290e2 9b76a546 f53bf265
        13 H 381 381 ff68db97 536183a0 c8ea62b9 0edb72c1 83d6b333 c116cd37 7dffd0e5 0bdd0b9a
        14 L 1044 1055 13739b80 f11a1cf8 fca95ca0 cf1d43a4 cf0d3abf 87e29918 be55ff09 dadc984b
        14 M 814 825 6ee52a2b 05998661 f5c679cc 1fa1ff49 7541bfb4 e0d7943f 95fbcef9 f91fa9b4
        14 Q 564 575 4bda7c03 781e9e66 72f5fc29 0264d45c f0da27bf 05f4af0d 257fd7b6 9c9e0512
        14 H 411 422 ae72ba5c b4b146a6 b2a43e3e f7e4341d 63fe92cf 8488b78f 63aa59b1 aaa530cc
        15 L 1204 1204 40b7ce90 11c70cdd 4bbe6c89 96969932 c86544f1 1a9af5d1 9cd873b7 f05ae624
        15 M 945 945 ff56189b d9196be5 0161c66b adfc6b4a b433a138 5cbf7c03 46eddbe5 c55ba305
        15 Q 657 657 ba4baca5 e89db5e0 39c441d8 fb1a59c8 f035c916 61189eab 3dc2614a b5a089a6
        15 H 484 484 17ef2699 8e6b7ace 49d1f44b 9cfba5a0 6b0b57db b4519739 e3610982 b89aa4ed
        16 L 1351 1362 fed45719 76f0228e e7d7452e 18aecd12 f946a701 222aaa57 53023071 cd73db3f
        16 M 1025 1036 88b6348e fdc7c71b 679e6b07 c4e49a5b 5cf289f1 8f5fb1f9 ddb8a0ad 46222f41
        16 Q 718 729 a180a658 573e46ca 1ee9304a b1984549 4676e40a a3b92978 200e13d0 632bffd8
        16 H 545 556 0d03c055 d54e90e7 3c103ee9 143d5a5f 8cf486e5 f9b442e0 db8bbe18 02472d98
        17 L 1502 1502 f2d7f746 63d8fbf8 f18b2742 21582035 4bbac609 591692bb 80c0abf5 1dbc049c
        17 M 1166 1166 e20873ff a372d387 77876051 b1a14a35 8e8ade59 f47cf236 24b32948 cf82a797
        17 Q 830 830 378760c3 205d3d24 d42770c9 3fb14625 5367e292 fb1bdb58 5903f1a4 369ab475
        17 H 628 628 a60b7602 5da0a52a 891f01f7 b7baf605 4da6e669 67d587b5 eda0c425 93aeabb4
        18 L 1668 1679 7e257644 4e82a525 45358e61 523b1c01 28fceb2e f156a7d5 98649bab cd665054
        18 M 1289 1300 d0ae327b 4c2ffcc8 eb6de36a 80952bed 70278f0a 6d6f03c4 d45094fe 3783d37e
        18 Q 891 902 4bb179ac b4dc62cf f863399d 79e9dcab 47e67edd ee639657 cdad7355 4a02ff81
        18 H 689 700 0dabc50b abad21a9 09b2fcfa a0bd453b 5706b2f9 12855a6e 5abf1db7 b92f0d7a
        19 L 1857 1857 f84d9005 35fa113d b8637d6a 577f8553 a109bdd9 49b081b6 8ce5fbf8 8576e609
        19 M 1454 1454 ea34c0e0 e683780d ab156e6e f7f29a00 02fda0b6 b0338b5e 9ed92c69 2ceceb31
        19 Q 1017 1017 787c0303 ab33c5e2 cde8cc39 c53ba20b 1f5f5932 40ae8155 c45e83bb bee18743
        19 H 767 767 a9f6aef8 bfbef618 8e462e34 85f1a6f2 ea8ea5a6 2cb48f3e eb85dccd 2cb5bb88
        20 L 2004 2015 b586808c 02c599a4 9e7fa9e3 201ad9bb 30ce2ac9 498f1481 87916272 ab8ce73b
        20 M 1543 1554 778e2701 5e2d5888 6b27cf35 efc96bda 537f6f33 f2404e04 38b546cc 388bb1ed
        20 Q 1102 1113 e8d8e20a 2d6da62c 7a2798c4 7598cb33 3efb0391 858f3d5b 1abd4bb7 57603e48
        20 H 862 873 cf6a99da 3d800c17 3d394273 d5ac52ab 31f29a0b 49110a11 e420351b f5b3841e
        """
}
