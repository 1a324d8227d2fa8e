/** The world that the sample shop sells to: public facts and chosen tendencies, no persons. */

export interface Country {
  readonly code: string;
  readonly name: string;
  readonly currency: string;
  /** In thousandths. */
  readonly vatMilli: number;
  readonly prefix: string;
  /** Share of customers. */
  readonly weight: number;
  readonly fakerLocale: string;
  /** City and the beginning of its postal codes; a code tells its city. */
  readonly cities: readonly (readonly [name: string, postalPrefix: string])[];
  readonly payments: readonly (readonly [method: string, weight: number])[];
  /** Carrier numbers, transit days. */
  readonly carriers: readonly (readonly [carrier: number, days: number, weight: number])[];
}

export const CARRIERS: readonly (readonly [id: number, name: string, express: boolean])[] = [
  [1, 'Northbound Parcel', false],
  [2, 'Yellow Post', false],
  [3, 'Blue Van', false],
  [4, 'Alpine Express', true],
  [5, 'Island Mail', false],
  [6, 'Overnight Air', true],
];

export const COUNTRIES: readonly Country[] = [
  {
    code: 'DE',
    name: 'Germany',
    currency: 'EUR',
    vatMilli: 190,
    prefix: '+49',
    weight: 30,
    fakerLocale: 'de',
    cities: [
      ['Berlin', '10'],
      ['Hamburg', '20'],
      ['München', '80'],
      ['Köln', '50'],
      ['Leipzig', '04'],
      ['Freiburg', '79'],
    ],
    payments: [
      ['invoice', 35],
      ['paypal', 35],
      ['card', 15],
      ['bank_transfer', 15],
    ],
    carriers: [
      [2, 2, 70],
      [3, 2, 20],
      [4, 1, 10],
    ],
  },
  {
    code: 'US',
    name: 'United States',
    currency: 'USD',
    vatMilli: 70,
    prefix: '+1',
    weight: 22,
    fakerLocale: 'en_US',
    cities: [
      ['Boston', '021'],
      ['Austin', '787'],
      ['Denver', '802'],
      ['Portland', '972'],
      ['Chicago', '606'],
    ],
    payments: [
      ['card', 80],
      ['paypal', 20],
    ],
    carriers: [
      [6, 3, 30],
      [1, 6, 70],
    ],
  },
  {
    code: 'GB',
    name: 'United Kingdom',
    currency: 'GBP',
    vatMilli: 200,
    prefix: '+44',
    weight: 16,
    fakerLocale: 'en_GB',
    cities: [
      ['London', 'SW1'],
      ['Leeds', 'LS1'],
      ['Bristol', 'BS1'],
      ['Glasgow', 'G1'],
    ],
    payments: [
      ['card', 70],
      ['paypal', 30],
    ],
    carriers: [
      [5, 3, 85],
      [6, 2, 15],
    ],
  },
  {
    code: 'FR',
    name: 'France',
    currency: 'EUR',
    vatMilli: 200,
    prefix: '+33',
    weight: 12,
    fakerLocale: 'fr',
    cities: [
      ['Paris', '75'],
      ['Lyon', '69'],
      ['Nantes', '44'],
      ['Lille', '59'],
    ],
    payments: [
      ['card', 75],
      ['paypal', 20],
      ['bank_transfer', 5],
    ],
    carriers: [
      [3, 3, 75],
      [4, 2, 25],
    ],
  },
  {
    code: 'NL',
    name: 'Netherlands',
    currency: 'EUR',
    vatMilli: 210,
    prefix: '+31',
    weight: 9,
    fakerLocale: 'nl',
    cities: [
      ['Amsterdam', '10'],
      ['Utrecht', '35'],
      ['Rotterdam', '30'],
    ],
    payments: [
      ['ideal', 80],
      ['paypal', 10],
      ['card', 10],
    ],
    carriers: [
      [3, 1, 60],
      [2, 2, 40],
    ],
  },
  {
    code: 'SE',
    name: 'Sweden',
    currency: 'SEK',
    vatMilli: 250,
    prefix: '+46',
    weight: 6,
    fakerLocale: 'sv',
    cities: [
      ['Stockholm', '11'],
      ['Göteborg', '41'],
      ['Malmö', '21'],
    ],
    payments: [
      ['card', 45],
      ['invoice', 55],
    ],
    carriers: [[1, 3, 100]],
  },
  {
    code: 'PL',
    name: 'Poland',
    currency: 'PLN',
    vatMilli: 230,
    prefix: '+48',
    weight: 5,
    fakerLocale: 'pl',
    cities: [
      ['Warszawa', '00'],
      ['Kraków', '30'],
      ['Gdańsk', '80'],
    ],
    payments: [
      ['bank_transfer', 60],
      ['card', 40],
    ],
    carriers: [
      [2, 4, 60],
      [1, 5, 40],
    ],
  },
];

/** A leaf of the category tree, and what its products are like. */
export interface Leaf {
  readonly path: readonly string[];
  readonly share: number;
  /** Median price in cents. */
  readonly price: number;
  readonly weight: number;
  readonly nouns: readonly string[];
  /** How much more it sells in a month (0 = January), as an amplitude around its best month. */
  readonly bestMonth: number;
  readonly seasonality: number;
  readonly returnRate: number;
  /** Keys and values of the JSON attributes. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

const SIZES = ['XS', 'S', 'M', 'L', 'XL'];
const COLOURS = ['black', 'white', 'navy', 'olive', 'rust', 'grey'];

export const LEAVES: readonly Leaf[] = [
  {
    path: ['Clothing', 'Women', 'Dresses'],
    share: 9,
    price: 5900,
    weight: 350,
    nouns: ['Dress', 'Wrap dress', 'Maxi dress'],
    bestMonth: 5,
    seasonality: 0.6,
    returnRate: 0.14,
    attributes: { size: SIZES, colour: COLOURS },
  },
  {
    path: ['Clothing', 'Women', 'Knitwear'],
    share: 7,
    price: 6900,
    weight: 420,
    nouns: ['Cardigan', 'Jumper'],
    bestMonth: 10,
    seasonality: 0.8,
    returnRate: 0.11,
    attributes: { size: SIZES, colour: COLOURS },
  },
  {
    path: ['Clothing', 'Men', 'Shirts'],
    share: 8,
    price: 4500,
    weight: 300,
    nouns: ['Shirt', 'Oxford shirt', 'Polo'],
    bestMonth: 4,
    seasonality: 0.3,
    returnRate: 0.1,
    attributes: { size: SIZES, colour: COLOURS },
  },
  {
    path: ['Clothing', 'Men', 'Jackets'],
    share: 5,
    price: 12900,
    weight: 900,
    nouns: ['Parka', 'Jacket', 'Anorak'],
    bestMonth: 9,
    seasonality: 0.8,
    returnRate: 0.12,
    attributes: { size: SIZES, colour: COLOURS },
  },
  {
    path: ['Clothing', 'Shoes'],
    share: 9,
    price: 8900,
    weight: 1100,
    nouns: ['Trainer', 'Boot', 'Loafer'],
    bestMonth: 8,
    seasonality: 0.3,
    returnRate: 0.18,
    attributes: { size: ['38', '39', '40', '41', '42', '43', '44'], colour: COLOURS },
  },
  {
    path: ['Home', 'Kitchen', 'Cookware'],
    share: 8,
    price: 4900,
    weight: 1800,
    nouns: ['Pan', 'Pot', 'Casserole'],
    bestMonth: 11,
    seasonality: 0.5,
    returnRate: 0.03,
    attributes: { material: ['steel', 'cast iron', 'copper'] },
  },
  {
    path: ['Home', 'Kitchen', 'Tableware'],
    share: 9,
    price: 1900,
    weight: 700,
    nouns: ['Plate set', 'Bowl', 'Mug', 'Carafe'],
    bestMonth: 11,
    seasonality: 0.6,
    returnRate: 0.04,
    attributes: { material: ['stoneware', 'porcelain', 'glass'] },
  },
  {
    path: ['Home', 'Lighting'],
    share: 5,
    price: 7900,
    weight: 1500,
    nouns: ['Desk lamp', 'Pendant', 'Floor lamp'],
    bestMonth: 10,
    seasonality: 0.4,
    returnRate: 0.05,
    attributes: { socket: ['E14', 'E27', 'LED'] },
  },
  {
    path: ['Home', 'Textiles'],
    share: 7,
    price: 3500,
    weight: 800,
    nouns: ['Throw', 'Cushion', 'Towel set'],
    bestMonth: 10,
    seasonality: 0.3,
    returnRate: 0.05,
    attributes: { colour: COLOURS },
  },
  {
    path: ['Garden', 'Tools'],
    share: 6,
    price: 2900,
    weight: 1300,
    nouns: ['Spade', 'Secateurs', 'Rake'],
    bestMonth: 3,
    seasonality: 0.9,
    returnRate: 0.02,
    attributes: { material: ['steel', 'ash wood'] },
  },
  {
    path: ['Garden', 'Furniture'],
    share: 3,
    price: 24900,
    weight: 12000,
    nouns: ['Bench', 'Chair', 'Table'],
    bestMonth: 4,
    seasonality: 1.2,
    returnRate: 0.04,
    attributes: { material: ['teak', 'aluminium'] },
  },
  {
    path: ['Office', 'Paper'],
    share: 10,
    price: 900,
    weight: 500,
    nouns: ['Notebook', 'Planner', 'Paper pack'],
    bestMonth: 8,
    seasonality: 0.4,
    returnRate: 0.01,
    attributes: { format: ['A4', 'A5', 'A6'] },
  },
  {
    path: ['Office', 'Chairs'],
    share: 3,
    price: 32900,
    weight: 14000,
    nouns: ['Office chair', 'Stool'],
    bestMonth: 0,
    seasonality: 0.3,
    returnRate: 0.06,
    attributes: { colour: COLOURS },
  },
  {
    path: ['Office', 'Desk'],
    share: 6,
    price: 2400,
    weight: 600,
    nouns: ['Tray', 'Pen set', 'Organiser'],
    bestMonth: 8,
    seasonality: 0.3,
    returnRate: 0.02,
    attributes: { material: ['oak', 'walnut', 'steel'] },
  },
  {
    path: ['Toys', 'Wooden'],
    share: 5,
    price: 2700,
    weight: 900,
    nouns: ['Train set', 'Blocks', 'Puzzle'],
    bestMonth: 11,
    seasonality: 1.3,
    returnRate: 0.03,
    attributes: { age: ['1+', '3+', '6+'] },
  },
];

/** Which roots of the category tree a segment prefers. */
export const TASTES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  consumer: { Clothing: 3, Home: 2, Garden: 1, Office: 0.4, Toys: 1.5 },
  business: { Clothing: 0.2, Home: 0.5, Garden: 0.3, Office: 8, Toys: 0.05 },
  vip: { Clothing: 4, Home: 3, Garden: 1.5, Office: 0.5, Toys: 1 },
};

export const BRANDS: readonly string[] = [
  'Almhof',
  'Birk & Sons',
  'Calder',
  'Dune',
  'Elmwood',
  'Fjell',
  'Granite',
  'Halden',
  'Ivo',
  'Juniper',
  'Kestrel',
  'Lund',
  'Mistral',
  'Nordlicht',
  'Oslo Works',
  'Pinecone',
  'Quarry',
  'Rook',
  'Saltmarsh',
  'Tarn',
  'Ulme',
  'Vale',
  'Wren',
  'Yarrow',
  'Zephyr',
];

export const JOBS: readonly (readonly [job: string, salary: number])[] = [
  ['store manager', 5200],
  ['shift lead', 3900],
  ['sales', 2900],
  ['warehouse', 2700],
];

/** Phrases of reviews by rating 1 … 5. */
export const PRAISE: readonly { readonly titles: readonly string[]; readonly sentences: readonly string[] }[] = [
  {
    titles: ['Broken on arrival', 'Avoid', 'Very disappointed'],
    sentences: [
      'It broke after a day.',
      'The parcel came damaged.',
      'I want my money back.',
      'Nothing like the picture.',
      'Nobody answered my mail.',
    ],
  },
  {
    titles: ['Not as described', 'Expected more', 'Meh'],
    sentences: [
      'The colour is different from the picture.',
      'It feels cheap for the price.',
      'Delivery took far too long.',
      'The seams came loose.',
    ],
  },
  {
    titles: ['It is okay', 'Average', 'Does the job'],
    sentences: [
      'It does what it should.',
      'Nothing special, but fine.',
      'The size runs a little small.',
      'Delivery was on time.',
    ],
  },
  {
    titles: ['Good quality', 'Happy with it', 'Nice'],
    sentences: [
      'Good quality for the price.',
      'It arrived quickly and well packed.',
      'I would buy it again.',
      'Looks as in the picture.',
    ],
  },
  {
    titles: ['Love it', 'Perfect', 'Highly recommended'],
    sentences: [
      'I use it every day and love it.',
      'Better than I had hoped.',
      'Beautifully made.',
      'A perfect present.',
      'Already ordered a second one.',
    ],
  },
];
