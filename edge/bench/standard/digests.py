"""Size and SHA-256 of each file of the standard set, by its name without ``.tflite``.

A test writes them all and compares.
"""

from __future__ import annotations

from typing import NamedTuple


class Digest(NamedTuple):
    """What identifies a file: its size in bytes and its SHA-256."""

    size_bytes: int
    sha256: str


DIGESTS = {
    "mobilenet_1.0_224-int8": Digest(4538364, "f6ab9d7e45b8113b0cddd1dcbef38776abce5d5640750a8bdb877b19d9b8677e"),
    "mobilenet_1.0_192-int8": Digest(4538364, "6aa8d905b6f840be2855b8a4052b6288ebd8830a80cec0a1c3ddcd114b919749"),
    "mobilenet_1.0_160-int8": Digest(4538364, "47d4c094de4d8aec19a6baceb71e644ea8c6ee6f12cb3978d03566e3fe9f10b8"),
    "mobilenet_1.0_128-int8": Digest(4538364, "254ca4bd1ac062549db0eeb7d5f24d1bd7759cba7e5cbc176c375cf03fa96a47"),
    "mobilenet_0.75_224-int8": Digest(2820540, "29da2d71a5e8eee7ec024fc31b149705fb3dec3821f34eb6e78949b7616b8677"),
    "mobilenet_0.75_192-int8": Digest(2820540, "589a927d056ec1c1513bf16546179cfc93e0c6dd5e286b378bab10f367eb26d4"),
    "mobilenet_0.75_160-int8": Digest(2820540, "574b052c277e75a0d5f145147cc70669ba4075c0a28cdc302942d1acc28aefd2"),
    "mobilenet_0.75_128-int8": Digest(2820540, "abdc115112b9d00d0905af85f421584c56a15f9e88062ab4ec032a28ce30662d"),
    "mobilenet_0.50_224-int8": Digest(1495196, "c7aa74907eefc2a7f3de5cfa650de1f7c95d79867363dcd6c38e8937b8bcc22a"),
    "mobilenet_0.50_192-int8": Digest(1495196, "41282c30d5e4351d207c80a0d07d04dd7903c956c9d7268e847812bed691c91f"),
    "mobilenet_0.50_160-int8": Digest(1495196, "b219d26e96b6dd49e02db040d36a7132cc665824abd68bf18c6cfc8397d9c9aa"),
    "mobilenet_0.50_128-int8": Digest(1495196, "7c2b9adbca4cdb607927dbf775b66fb4f92287324393c6008b6839c5220b849a"),
    "mobilenet_0.25_224-int8": Digest(562268, "ac40ff8c97676461a42542bc988878936a00f2d355203ac223b802221c05024e"),
    "mobilenet_0.25_192-int8": Digest(562268, "550104bb6c3eeea27d6b8dc993369205891e6296a3934c28afc0219536dd2abf"),
    "mobilenet_0.25_160-int8": Digest(562268, "cf6ed509a7dfb081cf803a6c21c5a4febec372e0ecbcd25e9a62aaa472997f1e"),
    "mobilenet_0.25_128-int8": Digest(562268, "38a98acd167161f8bfac796faff9f68e9f1b65935050d840839c01748d85a6d0"),
    "mobilenet_1.0_224-float32": Digest(16900924, "0f92055c2379980f57a0c3a27f1242d44e08ed8f459e10aa82f743947315ac3b"),
    "mobilenet_1.0_192-float32": Digest(16900924, "6468c70024a68c50f2fe2305f2c9e9c040de445946c1c0b2d18de4eea6559e73"),
    "mobilenet_1.0_160-float32": Digest(16900924, "0d2ec9c804e74ca59232b8e943a05522fdac577c9c6e0fa3bd77194b20b3db53"),
    "mobilenet_1.0_128-float32": Digest(16900924, "946d444d94b7495e169391a355e886ef7f52cdc949aec72ee8f35c263d518b62"),
    "mobilenet_0.75_224-float32": Digest(10325180, "b037a6a553d3f6d9c2bf03d4a094589de784ddface445dcff1f898780285481a"),
    "mobilenet_0.75_192-float32": Digest(10325180, "9f0e4a4813e1b6937a294930c1b18019c858d20316d6bd3895287910b540696b"),
    "mobilenet_0.75_160-float32": Digest(10325180, "ec946fd696aac7d1986b402c20c1f1bac7b5217bd95c8884fe8dda3331a84c60"),
    "mobilenet_0.75_128-float32": Digest(10325180, "6039d782e4473b04c1c34cd076160306dc6206986c7274e6d4e822c076bd6b5a"),
    "mobilenet_0.50_224-float32": Digest(5319228, "30535ac5f22598e5eef83c0330e96e300d28010b8305cb21edc4cbdb84952516"),
    "mobilenet_0.50_192-float32": Digest(5319228, "0d581188bfc2924ad7022eeef70e41420b246125dd873de2c21f7d93059fb6a5"),
    "mobilenet_0.50_160-float32": Digest(5319228, "847ba1508f49e2ba52dbb149c3034e34da9261e27131731d2092371cfec829f5"),
    "mobilenet_0.50_128-float32": Digest(5319228, "a7a81306a0c2219bb7bc4116594b8ae5b0556298cce3f8f13d3cb71592860ae0"),
    "mobilenet_0.25_224-float32": Digest(1883068, "174875d71f32532ac6965cf4c7e8c8af4fe59d540b999e6f91bee3103b3be8ab"),
    "mobilenet_0.25_192-float32": Digest(1883068, "658248749519083b6d43d5c5c6e21683334a6c1dfb3f03e0ff7b376c3de59d3a"),
    "mobilenet_0.25_160-float32": Digest(1883068, "af9197df84fce25704fc73903c451135fd6c50b851bfcdc0f9d70352489e5d2e"),
    "mobilenet_0.25_128-float32": Digest(1883068, "ce596de94f29e2fcf6683a06512ad421ac972c041b7589a2fc10f89493d2d4d6"),
}
