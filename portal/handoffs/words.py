"""Comparison words: eight words that stand for an envelope key, so that two people can compare it by telephone.

The words are the same in every language of the portal, or people who read different ones could not compare. No two
begin with the same four letters or sound alike. `static/js/words.js` has the same list in the same order.
"""

import hashlib

PREFIX = b"portal-envelope-words-v1"
HOW_MANY = 8  # words of 8 bits: who wants another key with the same eight tries 2^64 of them
LIST = """
    acorn album almond amber anchor angel antler apple apron artist atlas attic autumn avocado badge bakery ballet
    bamboo banana banjo barrel beaver bicycle biscuit blanket blossom bonfire bottle broom brush bubble button
    cabbage cabin cactus camel candle canyon carpet cedar cheese chimney cloud clover coconut coffee compass copper
    cottage cricket crown cupcake curtain cyclone daisy diamond diary doctor dolphin domino donkey dragon drawer
    eagle earring echo eclipse emerald engine fabric falcon feather fiddle flame forest fossil freckle freezer
    fridge frog galaxy gallery garage garden garlic gazebo ginger giraffe glacier goblet goggles granite grocery
    guitar hammock hamster harbor harvest helmet hippo horizon hornet hotel iceberg igloo indigo island ivory
    jacket jaguar jasmine jersey jigsaw jungle juniper kayak kennel keyhole kimono kitchen knuckle ladder lagoon
    lantern lasso lemon leopard library lily lizard lobster lunch magnet mansion marble meadow melody mercury
    mirror mitten mosaic muffin museum mustard napkin nectar needle nickel nugget nutmeg oasis oatmeal ocean
    octopus olive omelet onion opera orange orbit orchard ostrich otter oxygen padlock palace pancake panda papaya
    parrot pastry peacock pelican pencil penguin petal piano pickle picnic pigeon pillow plaster poncho popcorn
    potato prairie pretzel pumpkin puppet pyramid queen quilt quiver rabbit raccoon railway rainbow raven rhubarb
    ruby saffron sailor salad saturn scarf school seagull shampoo shelf silver sketch skirt snail sofa spatula
    spider sponge squash stable stadium studio sugar summer sunset swan sweater tadpole teacup temple tennis
    thistle topaz torch tractor trophy truffle trumpet tugboat tulip turtle tuxedo vanilla village violin volcano
    voyage vulture waffle walnut weasel window wolf yacht yogurt zebra zodiac
"""
WORDS = tuple(LIST.split())


def comparison_words(public: bytes) -> tuple[str, ...]:
    """The eight words of an envelope key: the first octets of SHA-256 over a prefix and the key, a word each."""
    return tuple(WORDS[octet] for octet in hashlib.sha256(PREFIX + public).digest()[:HOW_MANY])
