import type { Random } from './random.ts'
import { weighted } from './random.ts'

/** What a service may draw on when it answers. */
export interface Asked {
  readonly random: Random
  readonly hostName: string
  readonly address: string
  /** Milliseconds since 1970. */
  readonly time: number
  /** Printable base64 that differs from record to record: keys, certificates. */
  base64(characters: number): string
  /** The body of a front page, as JSON text without the quotes. */
  html(): string
}

/** The parts of a banner that depend on the service. */
export interface Answer {
  readonly data: string
  readonly product?: string
  readonly version?: string
  readonly cpe?: string
  readonly os?: string
  readonly devicetype?: string
  readonly tags?: readonly string[]
  /** Members of the service's own, as JSON text without the braces around them: `"http":{…},"ssl":{…}`. */
  readonly details?: string
}

/** One implementation of a service and what it says. */
export interface Software {
  /** `%h` host name, `%a` address, `%v` version, `%d` date of RFC 5322, `%t` Unix time, `%k` 40 characters of base64, `%x` 8 hexadecimal digits, `%n` 0 to 999. */
  readonly says: string
  readonly weight: number
  readonly product?: string
  /** Oldest first. */
  readonly versions?: readonly string[]
  /** Vendor and product part of the CPE: `a:postfix:postfix`. */
  readonly cpe?: string
  readonly os?: string
  readonly devicetype?: string
}

/** Search engines do not name every product they could: recognising the rest from the banner is left to the reader. */
const namedByTheEngine = 0.58

/** A service whose implementations answer in proportion to their weights. */
export function spokenBy(list: readonly Software[]): (asked: Asked) => Answer {
  const choose = weighted(list, (software) => software.weight)
  return (asked) => speak(choose(asked.random.next()), asked)
}

export function speak(software: Software, asked: Asked): Answer {
  const { random } = asked
  const version = software.versions === undefined ? undefined : random.pick(ofTheTime(software.versions, asked.time))
  const data = software.says.replace(/%[havdtkxn]/g, (hole) => fill(hole, asked, version ?? ''))
  const named = software.product !== undefined && random.chance(namedByTheEngine)
  const cpe =
    software.cpe === undefined ? undefined : `cpe:/${software.cpe}${version === undefined ? '' : `:${version}`}`
  return {
    data,
    ...(software.os === undefined ? {} : { os: software.os }),
    ...(named && software.product !== undefined ? { product: software.product } : {}),
    ...(named && version !== undefined ? { version } : {}),
    ...(named && cpe !== undefined ? { cpe } : {}),
    ...(named && software.devicetype !== undefined ? { devicetype: software.devicetype } : {}),
  }
}

/** The older half of the versions before 2020, so that a record of 2016 names nothing that was not yet written. */
const ofTheTime = (versions: readonly string[], time: number): readonly string[] =>
  time < Date.UTC(2020, 0, 1) ? versions.slice(0, Math.max(1, Math.floor(versions.length / 2))) : versions

function fill(hole: string, asked: Asked, version: string): string {
  switch (hole) {
    case '%h':
      return asked.hostName
    case '%a':
      return asked.address
    case '%v':
      return version
    case '%d':
      return new Date(asked.time).toUTCString().replace('GMT', '+0000')
    case '%t':
      return String(Math.floor(asked.time / 1000))
    case '%k':
      return asked.base64(40)
    case '%x':
      return asked.random.hex(8)
    default:
      return String(asked.random.below(1000))
  }
}
