import fc from 'fast-check'

/** A banner as `shodan download` writes it, on a documentation address; `change` replaces or adds keys. */
export const banner = (change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  ip_str: '192.0.2.25',
  port: 25,
  transport: 'tcp',
  timestamp: '2016-05-01T22:57:45.950793',
  data: '220 mail.example.org ESMTP Postfix\r\n',
  _shodan: { module: 'smtp' },
  location: { country_code: 'JP', region_code: '26', city: 'Kyoto', latitude: 35.02, longitude: 135.75 },
  ...change,
})

/** Values as NDJSON. */
export const ndjson = (...values: readonly unknown[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('')

/** A number whose JSON is not what JSON.stringify writes: the text stands in the line as it is. */
class RawNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toJSON(): string {
    return `${mark}${this.text}${mark}`
  }
}
const mark = 'raw-number-of-the-test'

/** One line of JSON; raw numbers as they are spelled. */
export const jsonLine = (value: unknown): string =>
  JSON.stringify(value).replaceAll(new RegExp(`"${mark}([^"]*)${mark}"`, 'g'), '$1')

const oddText = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ maxLength: 12 }) },
  // Lone surrogates, NULs, the separators and quotes that SQL expressions could trip over.
  {
    weight: 4,
    arbitrary: fc.string({
      unit: fc.constantFrom(
        ...Array.from(
          ' \t\r\n\v\fvnx"\\[]{}\',:;/-+.0159eE\0\u001f\u007f\u0085\u00a0\u2028\ufeff\ufffd\ud800\udc00é京😀',
        ),
      ),
      maxLength: 8,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      '\t\r\n\v\f',
      'v',
      ' v',
      '\vv',
      '\u00a0',
      '\0',
      'null',
      '{}',
      '{"a":1}',
      '[]',
      '["x"]',
      '[',
      '{',
      '-',
      '-0',
      '-0.0',
      '5.0',
      '007',
      '1e2',
      '1E400',
      '3.10',
      '9007199254740993',
      'NaN',
      'Infinity',
      'true',
      'JP',
      'Japan',
      '13',
      '.5',
      '",""',
      'a","b',
      'Ａ'.repeat(22_000),
      'x'.repeat(65_536),
      'x'.repeat(65_537),
      `${'x'.repeat(65_535)}😀`,
      `${'x'.repeat(1023)}😀`,
      '京'.repeat(40_000),
    ),
  },
)

const oddNumber = fc.oneof(
  fc.constantFrom(0, -0, 1, 5, 13, 80, 65_535, 65_536, 1e21, 2 ** 53, 2 ** 53 + 2, -(2 ** 63), 2 ** 64, 1e-7, 0.1),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc
    .constantFrom('5.0', '1e2', '1E+2', '-0', '-0.0', '0.10', '1e400', '-1e400', '12345678901234567890123', '1e-400')
    .map((text) => new RawNumber(text)),
)

const scalar = fc.oneof(oddText, oddText, oddNumber, fc.constantFrom(null, true, false))
const odd: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom('a', 'module', '__proto__', 'toString'), scalar, { maxKeys: 2 }),
  },
)

const hextet = fc.oneof(
  fc.constantFrom('0', '0', '0000', 'ffff', '2001', 'db8', '0db8', 'DB8'),
  fc.integer({ min: 0, max: 0xffff }).map((group) => group.toString(16)),
)
/** Runs of groups with one, no or several `::`, with and without an embedded IPv4 address: valid and nearly so. */
const ipv6 = fc
  .tuple(
    fc.array(hextet, { maxLength: 8 }),
    fc.array(hextet, { maxLength: 8 }),
    fc.constantFrom('::', '::', ':'),
    fc.constantFrom('', '', '', ':192.0.2.1', '%eth0', ':'),
  )
  .map(([left, right, middle, tail]) => `${left.join(':')}${middle}${right.join(':')}${tail}`)
const address = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 255 }).map((last) => `192.0.2.${last}`) },
  { weight: 2, arbitrary: fc.ipV6() },
  { weight: 3, arbitrary: ipv6 },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '::',
      '::1',
      '1::',
      '::ffff:192.0.2.1',
      '::ffff:c000:201',
      '::FFFF:192.0.2.1',
      '0:0:0:0:0:ffff:c000:201',
      '2001:db8::0:1',
      '2001:DB8::1',
      '2001:0db8:0000:0000:0000:0000:0000:0001',
      '2001:db8:1:2:3:4:5::',
      '::2:3:4:5:6:7:8',
      ' 192.0.2.1 ',
      '192.0.2.01',
      '192.0.2.256',
      '192.0.2',
      '0300.0.2.1',
      '::ffff:0:192.0.2.1',
      '64:ff9b::192.0.2.1',
    ),
  },
  { weight: 1, arbitrary: odd },
)
const ipNumber = fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 32 }), odd)
const port = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 65_536 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('80', '080', ' 80', '80 ', '+80', '65536', '99999', '0', '-1', 'abc', '8e1'),
  },
  { weight: 1, arbitrary: odd },
)
const digits = (length: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.integer({ min: 0, max: 10 ** length - 1 }).map((value) => String(value).padStart(length, '0')),
    fc.integer({ min: 0, max: 10 ** length }).map(String),
  )
const likelyTime = fc
  .tuple(
    fc.integer({ min: 1965, max: 2205 }),
    fc.integer({ min: 0, max: 13 }),
    fc.integer({ min: 0, max: 32 }),
    fc.integer({ min: 0, max: 24 }),
    fc.constantFrom('00', '59', '60'),
    fc.constantFrom('', '.5', '.950793', '.1234567', '.', ',5', 'Z', '+09:00', '.25Z'),
    fc.constantFrom('T', 'T', 'T', ' '),
  )
  .map(([year, month, day, hour, second, tail, between]) => {
    const two = (value: number): string => String(value).padStart(2, '0')
    return `${year}-${two(month)}-${two(day)}${between}${two(hour)}:${second === '60' ? '59' : '30'}:${second}${tail}`
  })
const timestamp = fc.oneof(
  { weight: 4, arbitrary: likelyTime },
  {
    weight: 2,
    arbitrary: fc.tuple(digits(4), digits(2), digits(2), digits(2)).map(([y, m, d, h]) => `${y}-${m}-${d}T${h}:00:00`),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '20240-05-01T00:00:00',
      '202-05-01T00:00:00',
      '2024-02-29T00:00:00',
      '2023-02-29T00:00:00',
      '2024-05-01T24:00:00',
      '2016-12-31T23:59:60',
      '1969-12-31T23:59:59',
      '1970-01-01T00:00:00',
      '2199-12-31T23:59:59.999999',
      '2200-01-01T00:00:00',
      '2024-05-01',
      '1462143465',
      '1462143465950',
      ' 2024-05-01T00:00:00',
      '2024-05-01T00:00:00 ',
      '2024-05-01t00:00:00',
    ),
  },
  { weight: 1, arbitrary: odd },
)
const list = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.domain(), { maxLength: 3 }) },
  { weight: 4, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 2, arbitrary: odd },
  {
    weight: 2,
    arbitrary: fc.constantFrom([''], ['', ''], ['a', ''], [' '], ['a b'], ['"'], [']'], ['[a]'], [['a']], ['a', null]),
  },
)
const degree = fc.oneof(
  fc.double({ min: -200, max: 200, noNaN: true }),
  fc.integer({ min: -200, max: 200 }),
  fc.constantFrom<unknown>('35.69', '-0', ' 35', '35.', '+35', '1e1', '35,69', 90, 90.000_000_1, 180, 1e-8, null),
  fc.constantFrom('-0', '-0.0', '35.690', '3.5e1', '35.0', '35.1234567890123456789').map((text) => new RawNumber(text)),
  odd,
)
const asn = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 32 }).map((value) => `AS${value}`),
  fc.constantFrom(
    'AS64496',
    'as64496',
    'AS 64496',
    'AS064496',
    '64496',
    'AS',
    'AS1.10',
    'AS-',
    'AS1e3',
    'AS9999999999',
  ),
  odd,
)

const place = {
  country_code: fc.oneof(fc.constantFrom('JP', 'US', '', null), odd),
  country_name: odd,
  region_code: odd,
  city: odd,
  latitude: degree,
  longitude: degree,
}
const location = fc.oneof(
  { weight: 5, arbitrary: fc.record(place, { requiredKeys: [] }) },
  { weight: 1, arbitrary: odd },
)

/** Any banner object Shodan might have written, and many it never would: every field missing or of an odd type at times. */
export const anyBanner: fc.Arbitrary<Record<string, unknown>> = fc.record(
  {
    ip_str: address,
    ip: ipNumber,
    port,
    transport: fc.oneof(fc.constantFrom('tcp', 'udp', 'TCP', ' udp', 'sctp', '', null), odd),
    timestamp,
    product: odd,
    version: odd,
    devicetype: odd,
    os: odd,
    cpe23: list,
    cpe: list,
    data: odd,
    asn,
    org: odd,
    isp: odd,
    hostnames: list,
    tags: list,
    country_code: odd,
    country_name: odd,
    _shodan: fc.oneof(
      { weight: 3, arbitrary: fc.record({ module: odd }, { requiredKeys: [] }) },
      { weight: 1, arbitrary: odd },
    ),
    location,
    ['__proto__']: odd,
    opts: odd,
    ports: list,
    matches: list,
  },
  { requiredKeys: [], noNullPrototype: true },
)

/** Such banners, most of them near enough to a real one to be taken. */
export const likelyBanner: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(anyBanner, fc.integer({ min: 0, max: 3 }), fc.infiniteStream(fc.nat()))
  .map(([odds, changes, picks]) => {
    const keys = Object.keys(odds).filter((key) => key !== '__proto__')
    const changed = banner()
    for (let change = 0; change <= changes && keys.length > 0; change++) {
      const key = keys[(picks.next().value ?? 0) % keys.length] ?? ''
      changed[key] = odds[key]
    }
    return changed
  })
