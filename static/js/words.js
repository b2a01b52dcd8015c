// The words that stand for an envelope key, as portal/handoffs/words.py has them; a test holds both together.

const LIST = `
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
`;

export const WORDS = LIST.trim().split(/\s+/);
