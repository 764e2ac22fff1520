import { readFileSync } from 'node:fs'
import { BlockList, isIPv4 } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { quickstartFile, quickstartLines } from '../../bench/quickstart.ts'
import { prefectures } from '../../bench/synthetic/places.ts'
import { readBanner, type ReadBanner } from './read-banner.ts'

const packed = readFileSync(quickstartFile)
const text = gunzipSync(packed).toString('utf8')
const lines = text.trimEnd().split('\n')

const banners: readonly ReadBanner[] = lines.flatMap((line) => {
  try {
    return [readBanner(line)]
  } catch {
    return []
  }
})

/** Until May the export has GeoNames codes, in June those of ISO 3166-2. */
const isOld = (banner: ReadBanner): boolean => banner.timestamp < '2016-06'
const isNew = (banner: ReadBanner): boolean => !isOld(banner)

/** Records whose region code, read in the code set of its time, says this prefecture. */
function placedIn(isoCode: string | null): ReadBanner[] {
  const oldCode = prefectures.find((place) => place.isoCode === isoCode)?.oldCode
  return banners.filter(
    (banner) => banner.country === 'JP' && banner.regionCode === (isOld(banner) ? oldCode : isoCode),
  )
}

describe('the quick start export', () => {
  it('is what the generator makes, byte for byte', () => {
    // Not toBe(text): a difference of megabytes would take minutes to print.
    expect(text === `${quickstartLines().join('\n')}\n`).toBe(true)
  })

  it('stays small', () => {
    expect(packed.length).toBeLessThan(1_000_000)
    expect(lines.length).toBeGreaterThanOrEqual(6000)
    expect(lines.length).toBeLessThanOrEqual(10_000)
  })

  it('says in every record that it is synthetic, and names no real organisation', () => {
    expect(banners.filter((banner) => !banner.synthetic)).toEqual([])
    expect(banners.filter((banner) => banner.organisation?.startsWith('Example ') === false)).toEqual([])
  })

  it('uses documentation and benchmarking addresses only', () => {
    const nobodys = new BlockList()
    nobodys.addSubnet('198.18.0.0', 15)
    nobodys.addSubnet('192.0.2.0', 24)
    nobodys.addSubnet('198.51.100.0', 24)
    nobodys.addSubnet('203.0.113.0', 24)
    nobodys.addSubnet('2001:db8::', 32, 'ipv6')
    const addresses = banners.flatMap((banner) => banner.ip ?? [])
    const foreign = addresses.filter((address) => !nobodys.check(address, isIPv4(address) ? 'ipv4' : 'ipv6'))
    expect(foreign).toEqual(['198.18.300.1'])
    expect(addresses.some((address) => address.startsWith('198.18.'))).toBe(true)
    expect(addresses.some((address) => address.startsWith('2001:db8:'))).toBe(true)
  })

  it('has records of all 47 prefectures, in codes of both generations', () => {
    expect(prefectures).toHaveLength(47)
    expect(prefectures.reduce((sum, place) => sum + place.weight, 0)).toBe(127_094_745)
    const without = prefectures.filter(
      ({ isoCode }) => !placedIn(isoCode).some(isOld) || !placedIn(isoCode).some(isNew),
    )
    expect(without).toEqual([])
  })

  it('tells the story of 2016: Tokyo and Osaka first per head, Kanagawa mostly NTP', () => {
    const perHead = prefectures
      .map((place) => ({ city: place.city, rate: placedIn(place.isoCode).length / place.weight }))
      .toSorted((a, b) => b.rate - a.rate)
    expect(perHead.slice(0, 2).map(({ city }) => city)).toEqual(['Tokyo', 'Osaka'])
    const kanagawa = placedIn('14')
    expect(kanagawa.filter(({ module }) => module === 'ntp').length / kanagawa.length).toBeGreaterThan(0.5)
  })

  it.each([
    /ESMTP Postfix/,
    /Sendmail/,
    /Exim/,
    /Microsoft ESMTP/,
    / ESMTP\r\n/,
    /^NTP\n/,
    /GoAhead/,
    /RTSP\/1.0/,
    /MQTT/,
    /login: /,
  ])('has services that say %s', (pattern) => {
    expect(banners.filter(({ data }) => pattern.test(data)).length).toBeGreaterThan(10)
  })

  it('names the product of some, and leaves that of others to be recognised', () => {
    const postfix = banners.filter(({ data }) => data.includes('ESMTP Postfix'))
    expect(postfix.some(({ product }) => product === 'Postfix smtpd')).toBe(true)
    expect(postfix.some(({ product }) => product === undefined)).toBe(true)
  })

  it('has exact repeats, records without a place and a few lines to reject', () => {
    expect(lines.length - new Set(lines).size).toBeGreaterThan(10)
    expect(lines.length - banners.length).toBe(1)
    expect(banners.filter(({ country }) => country === undefined).length).toBeGreaterThan(50)
    expect(banners.filter(({ ip, port }) => ip === undefined || (port ?? 0) > 65_535)).toHaveLength(2)
  })

  it('was seen from March to June 2016', () => {
    const months = new Set(banners.map(({ timestamp }) => timestamp.slice(0, 7)))
    expect([...months].toSorted()).toEqual(['2016-03', '2016-04', '2016-05', '2016-06'])
  })
})
