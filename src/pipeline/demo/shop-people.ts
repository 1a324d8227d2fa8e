import { Faker } from '@faker-js/faker';
import type { Faker as FakerInstance } from '@faker-js/faker';
import { Dice, ZipfSampler } from './dice.ts';
import { DAY_MS, dateText, HOUR_MS, money, SampleTable, timestampText } from './sample-table.ts';
import type { Cell } from './sample-table.ts';
import { SHOP_NOW, SHOP_OPENED } from './shop-catalog.ts';
import { COUNTRIES, JOBS } from './shop-world.ts';
import type { Country } from './shop-world.ts';

export type Segment = 'consumer' | 'business' | 'vip';

export interface Address {
  readonly id: number;
  readonly country: Country;
  readonly createdAt: number;
}

/** What orders and visits need to know about a customer. */
export interface Customer {
  readonly id: number;
  readonly segment: Segment;
  readonly country: Country;
  readonly firstName: string;
  readonly phone: string | null;
  readonly createdAt: number;
  /** Deletion, or the end of the data. */
  readonly endsAt: number;
  readonly addresses: readonly Address[];
  readonly defaultAddress: Address | null;
}

export interface ShopPeople {
  readonly tables: readonly SampleTable<Record<string, Cell>>[];
  readonly customers: readonly Customer[];
}

/** Fakes of the country's language, private to this run: faker's own instances are global. */
export type Fakers = ReadonlyMap<string, FakerInstance>;

export async function loadFakers(seed: number): Promise<Fakers> {
  const modules = await Promise.all([
    import('@faker-js/faker/locale/de'),
    import('@faker-js/faker/locale/en_US'),
    import('@faker-js/faker/locale/en_GB'),
    import('@faker-js/faker/locale/fr'),
    import('@faker-js/faker/locale/nl'),
    import('@faker-js/faker/locale/sv'),
    import('@faker-js/faker/locale/pl'),
  ]);
  const names = ['de', 'en_US', 'en_GB', 'fr', 'nl', 'sv', 'pl'];
  return new Map(names.map((name, i) => [name, new Faker({ locale: modules[i].faker.rawDefinitions, seed })]));
}

/** Stores with their staff, customers with their addresses: the two cycles of the schema. */
export function makePeople(seed: number, customerCount: number, fakers: Fakers): ShopPeople {
  const { stores, staff, leads } = makeStores(new Dice(seed, 'staff'), fakers);
  const { customerTable, addressTable, customers } = makeCustomers(new Dice(seed, 'customers'), customerCount, fakers);
  hireMore(new Dice(seed, 'hires'), fakers, staff, leads);
  return { tables: [stores, staff, customerTable, addressTable], customers };
}

/** Who others work under: those who lead a store's shifts. */
interface Lead {
  readonly id: number;
  readonly hired: number;
}

function makeStores(dice: Dice, fakers: Fakers) {
  const leadsByStore: Lead[][] = [];
  const stores = new SampleTable<Record<string, Cell>>('public.store');
  const staff = new SampleTable<Record<string, Cell>>('public.staff');
  let id = 0;
  COUNTRIES.forEach((country, i) => {
    const openedOn = SHOP_OPENED + i * 60 * DAY_MS;
    const manager = id + 1;
    stores.add({
      id: i + 1,
      name: `${country.cities[0][0]} flagship`,
      country_code: country.code,
      manager_id: manager,
      opened_on: dateText(openedOn),
    });
    const leads: Lead[] = [];
    leadsByStore.push(leads);
    const size = 7 + dice.between(0, 5);
    for (let place = 0; place < size; place++) {
      id++;
      const [job, salary] =
        place < 3
          ? JOBS[Math.min(place, 1)]
          : JOBS[
              dice.weighted([
                [2, 6],
                [3, 4],
              ])
            ];
      const boss = place === 0 ? null : place < 3 ? { id: manager, hired: openedOn } : dice.pick(leads);
      const hired = place === 0 ? openedOn : (boss?.hired ?? openedOn) + dice.between(0, 500) * DAY_MS;
      const left =
        place > 2 && dice.chance(0.2) ? Math.min(hired + dice.between(90, 900) * DAY_MS, SHOP_NOW - DAY_MS) : null;
      if (place === 1 || place === 2) leads.push({ id, hired });
      addStaff(dice, fakers, staff, { id, store: i, boss: boss?.id ?? null, job, salary, hired, left });
    }
  });
  return { stores, staff, leads: leadsByStore };
}

const MORE_STAFF = 20;

/** Later hires of all stores: enough people to see who works under whom. */
function hireMore(
  dice: Dice,
  fakers: Fakers,
  staff: SampleTable<Record<string, Cell>>,
  leads: readonly (readonly Lead[])[],
): void {
  leads.forEach((mine, store) => {
    for (let i = 0; i < MORE_STAFF; i++) {
      const boss = dice.pick(mine);
      const [job, salary] = JOBS[dice.chance(0.6) ? 2 : 3];
      const hired = boss.hired + dice.between(0, 900) * DAY_MS;
      const left = dice.chance(0.2) ? Math.min(hired + dice.between(90, 900) * DAY_MS, SHOP_NOW - DAY_MS) : null;
      addStaff(dice, fakers, staff, { id: staff.rows.length + 1, store, boss: boss.id, job, salary, hired, left });
    }
  });
}

interface Hire {
  readonly id: number;
  readonly store: number;
  readonly boss: number | null;
  readonly job: string;
  readonly salary: number;
  readonly hired: number;
  readonly left: number | null;
}

function addStaff(dice: Dice, fakers: Fakers, staff: SampleTable<Record<string, Cell>>, hire: Hire): void {
  const { firstName, lastName } = personName(fakers, COUNTRIES[hire.store]);
  staff.add({
    id: hire.id,
    store_id: hire.store + 1,
    manager_id: hire.boss,
    first_name: firstName,
    last_name: lastName,
    email: `${asciiName(firstName)}.${asciiName(lastName)}.${hire.id}@shop.example`,
    job: hire.job,
    salary: money(Math.round(dice.around(hire.salary, 0.08)) * 100),
    hired_on: dateText(hire.hired),
    left_on: hire.left === null ? null : dateText(hire.left),
  });
}

const MAIL_HOSTS = [
  ['mail.example', 5],
  ['post.example', 3],
  ['inbox.example', 2],
] as const;

function makeCustomers(dice: Dice, customerCount: number, fakers: Fakers) {
  const customerTable = new SampleTable<Record<string, Cell>>('public.customer');
  const addressTable = new SampleTable<Record<string, Cell>>('public.address');
  const customers: Customer[] = [];
  const liveEmails = new Set<string>();
  const deletedEmails: string[] = [];
  // More and more sign up; identifiers follow time.
  const signUps = Array.from(
    { length: customerCount },
    () => SHOP_OPENED + Math.sqrt(dice.uniform()) * (SHOP_NOW - SHOP_OPENED - 2 * DAY_MS),
  );
  signUps.sort((a, b) => a - b);
  for (let id = 1; id <= customerCount; id++) {
    const createdAt = Math.floor(signUps[id - 1]);
    const country = dice.weighted(COUNTRIES.map((item) => [item, item.weight] as const));
    const segment = dice.weighted<Segment>([
      ['consumer', 76],
      ['business', country.code === 'DE' || country.code === 'SE' ? 22 : 12],
      ['vip', country.code === 'GB' ? 12 : 6],
    ]);
    const { firstName, lastName } = personName(fakers, country);
    const deletedAt = dice.chance(0.03)
      ? createdAt + Math.ceil(dice.uniform() * (SHOP_NOW - createdAt - HOUR_MS))
      : null;
    const isBack = deletedAt === null && deletedEmails.length > 0 && dice.chance(0.01);
    const email = isBack ? (deletedEmails.pop() as string) : newEmail(dice, liveEmails, firstName, lastName, segment);
    liveEmails.add(email);
    if (deletedAt !== null) deletedEmails.push(email);
    const phone = dice.chance(segment === 'business' ? 0.97 : 0.8) ? phoneNumber(dice, country) : null;
    const addresses = makeAddresses(dice, addressTable, fakers, id, country, segment, createdAt);
    const defaultAddress =
      addresses.length > 0 && dice.chance(0.95) ? addresses[dice.geometric(0.15) % addresses.length] : null;
    const wantsNews = dice.chance(segment === 'business' ? 0.2 : 0.45);
    const age = Math.min(88, Math.max(18, (segment === 'vip' ? 51 : 40) + 13 * dice.normal()));
    const referrer =
      customers.length > 50 && dice.chance(segment === 'business' ? 0.05 : 0.16) ? drawReferrer(dice, customers) : null;
    customerTable.add({
      id,
      email,
      first_name: firstName,
      last_name: lastName,
      phone,
      birth_date: segment === 'business' || dice.chance(0.25) ? null : dateText(createdAt - age * 365.25 * DAY_MS),
      segment,
      country_code: country.code,
      default_address_id: defaultAddress?.id ?? null,
      referred_by: referrer,
      wants_news: wantsNews,
      preferences: preferences(dice, country, wantsNews),
      created_at: timestampText(createdAt),
      updated_at: timestampText(createdAt + Math.floor(dice.uniform() ** 3 * ((deletedAt ?? SHOP_NOW) - createdAt))),
      deleted_at: deletedAt === null ? null : timestampText(deletedAt),
    });
    customers.push({
      id,
      segment,
      country,
      firstName,
      phone,
      createdAt,
      endsAt: deletedAt ?? SHOP_NOW,
      addresses,
      defaultAddress,
    });
  }
  return { customerTable, addressTable, customers };
}

/** Some customers bring many others. */
function drawReferrer(dice: Dice, earlier: readonly Customer[]): number {
  return earlier[new ZipfSampler(Math.min(earlier.length, 200), 1).draw(dice)].id;
}

function preferences(dice: Dice, country: Country, wantsNews: boolean): string | null {
  if (dice.chance(0.2)) return null;
  const language = country.fakerLocale.slice(0, 2);
  const news = wantsNews
    ? {
        news: {
          frequency: dice.weighted([
            ['weekly', 6],
            ['monthly', 3],
            ['daily', 1],
          ]),
        },
      }
    : {};
  return JSON.stringify({
    language,
    ...news,
    theme: dice.weighted([
      ['light', 7],
      ['dark', 3],
    ]),
  });
}

function makeAddresses(
  dice: Dice,
  table: SampleTable<Record<string, Cell>>,
  fakers: Fakers,
  customerId: number,
  home: Country,
  segment: Segment,
  createdAt: number,
): Address[] {
  if (dice.chance(0.08)) return [];
  const count = 1 + dice.geometric(segment === 'business' ? 0.4 : 0.2);
  return Array.from({ length: count }, (_, place) => {
    const country = place > 0 && dice.chance(0.1) ? dice.pick(COUNTRIES) : home;
    const [city, prefix] = country.cities[Math.min(dice.geometric(0.5), country.cities.length - 1)];
    const addedAt = place === 0 ? createdAt : createdAt + Math.floor(dice.uniform() * (SHOP_NOW - createdAt));
    const id = table.rows.length + 1;
    table.add({
      id,
      customer_id: customerId,
      label:
        segment === 'business'
          ? place === 0
            ? 'office'
            : 'warehouse'
          : place === 0
            ? 'home'
            : dice.pick(['work', 'parents', 'holiday']),
      street: `${fakerOf(fakers, country).location.street()} ${dice.between(1, 140)}`,
      postal_code: postalCode(dice, country, prefix),
      city,
      country_code: country.code,
      created_at: timestampText(addedAt),
    });
    return { id, country, createdAt: addedAt };
  });
}

function personName(fakers: Fakers, country: Country): { firstName: string; lastName: string } {
  const { person } = fakerOf(fakers, country);
  return { firstName: person.firstName(), lastName: person.lastName() };
}

function fakerOf(fakers: Fakers, country: Country): FakerInstance {
  return fakers.get(country.fakerLocale) as FakerInstance;
}

function newEmail(
  dice: Dice,
  taken: ReadonlySet<string>,
  firstName: string,
  lastName: string,
  segment: Segment,
): string {
  const [first, last] = [asciiName(firstName), asciiName(lastName)];
  const host = segment === 'business' ? `${last}.example` : dice.weighted(MAIL_HOSTS);
  const name = dice.weighted([
    [`${first}.${last}`, 6],
    [`${first}${last[0]}`, 2],
    [`${first[0]}.${last}`, 2],
  ]);
  for (let email = `${name}@${host}`; ; email = `${name}${dice.between(1, 9999)}@${host}`)
    if (!taken.has(email)) return email;
}

function asciiName(name: string): string {
  const plain = name.toLowerCase().replaceAll('ß', 'ss').replaceAll('ł', 'l').replaceAll('ø', 'o').normalize('NFD');
  return plain.replaceAll(/[^a-z]/g, '') || 'customer';
}

function phoneNumber(dice: Dice, country: Country): string {
  return `${country.prefix} ${dice.between(100, 999)} ${dice.between(1_000_000, 9_999_999)}`;
}

function postalCode(dice: Dice, country: Country, prefix: string): string {
  const digits = (count: number): string => String(dice.between(0, 10 ** count - 1)).padStart(count, '0');
  const letter = (): string => 'ABCDEFGHJKLMNPRSTUVWXYZ'[dice.between(0, 22)];
  switch (country.code) {
    case 'GB':
      return `${prefix} ${digits(1)}${letter()}${letter()}`;
    case 'NL':
      return `${prefix}${digits(2)} ${letter()}${letter()}`;
    case 'SE':
      return `${prefix}${digits(1)} ${digits(2)}`;
    case 'PL':
      return `${prefix}-${digits(3)}`;
    default:
      return prefix + digits(5 - prefix.length);
  }
}
