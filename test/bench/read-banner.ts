import { at, number, text } from '../../src/sources/files/observation.ts'

/** A synthetic banner as the tests look at it; `undefined` for what it lacks. */
export interface ReadBanner {
  readonly synthetic: boolean
  readonly ip: string | undefined
  readonly port: number | undefined
  readonly transport: string | undefined
  readonly timestamp: string
  readonly organisation: string | undefined
  readonly product: string | undefined
  readonly data: string
  readonly country: string | undefined
  readonly regionCode: string | undefined
  readonly city: string | undefined
  readonly module: string | undefined
  readonly html: string | undefined
  readonly certificateName: string | undefined
}

/** @throws SyntaxError when the line is not JSON */
export function readBanner(line: string): ReadBanner {
  const banner: unknown = JSON.parse(line)
  return {
    synthetic: at(banner, '_synthetic') === true,
    ip: text(at(banner, 'ip_str')),
    port: number(at(banner, 'port')),
    transport: text(at(banner, 'transport')),
    timestamp: text(at(banner, 'timestamp')) ?? '',
    organisation: text(at(banner, 'org')),
    product: text(at(banner, 'product')),
    data: text(at(banner, 'data')) ?? '',
    country: text(at(banner, 'location', 'country_code')),
    regionCode: text(at(banner, 'location', 'region_code')),
    city: text(at(banner, 'location', 'city')),
    module: text(at(banner, '_shodan', 'module')),
    html: text(at(banner, 'http', 'html')),
    certificateName: text(at(banner, 'ssl', 'cert', 'subject', 'CN')),
  }
}
