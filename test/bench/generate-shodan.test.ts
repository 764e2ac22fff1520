import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { BlockList, isIPv4 } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { planFor, writeBanners } from '../../bench/generate-shodan.ts'
import { bannerLines } from '../../bench/synthetic/banner.ts'
import { readBanner } from './read-banner.ts'

const folder = mkdtempSync(join(tmpdir(), 'census-generate-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const count = 20_000

function make(slim: boolean, seed = 1): string[] {
  const line = bannerLines({ ...planFor(count, seed), slim })
  return Array.from({ length: count }, (_, index) => line(index))
}

const lines = make(false)
const banners = lines.map(readBanner)
const codesOf = (year: string): Set<string | undefined> =>
  new Set(
    banners
      .filter((banner) => banner.country === 'JP' && banner.timestamp.startsWith(year))
      .map(({ regionCode }) => regionCode),
  )

describe('the synthetic Shodan export', () => {
  it('depends on the seed and on nothing else', () => {
    expect(make(false)).toEqual(lines)
    expect(make(false, 2)[0]).not.toBe(lines[0])
  })

  it('is written to a file as it is made', () => {
    const file = join(folder, 'export.json')
    const bytes = writeBanners(file, 1000, planFor(count, 1))
    const written = readFileSync(file)
    expect(written).toHaveLength(bytes)
    expect(written.toString('utf8')).toBe(`${lines.slice(0, 1000).join('\n')}\n`)
  })

  it('has lines of about 2 KB, some repeated, near half of them with a product', () => {
    const mean = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0) / count
    expect(mean).toBeGreaterThan(1800)
    expect(mean).toBeLessThan(2400)
    const repeats = count - new Set(lines).size
    expect(repeats).toBeGreaterThan(count * 0.002)
    expect(repeats).toBeLessThan(count * 0.01)
    const named = banners.filter(({ product }) => product !== undefined).length / count
    expect(named).toBeGreaterThan(0.4)
    expect(named).toBeLessThan(0.5)
  })

  it('uses reserved and documentation addresses only, and says that it is synthetic', () => {
    const nobodys = new BlockList()
    nobodys.addSubnet('240.0.0.0', 4)
    nobodys.addSubnet('2001:db8::', 32, 'ipv6')
    const foreign = banners.filter(({ ip = '' }) => !nobodys.check(ip, isIPv4(ip) ? 'ipv4' : 'ipv6'))
    expect(foreign).toEqual([])
    expect(banners.every(({ synthetic }) => synthetic)).toBe(true)
  })

  it.each([
    'http',
    'https',
    'auto',
    'smtp',
    'ssh',
    'ntp',
    'telnet',
    'ftp',
    'imap',
    'pop3',
    'mqtt',
    'rtsp-tcp',
    'snmp',
    'modbus',
  ])('has the module %s', (module) => {
    expect(banners.filter((banner) => banner.module === module).length).toBeGreaterThan(10)
  })

  it('has all 47 prefectures in both generations of codes, other countries and no country', () => {
    // The same 47 codes (and none) in both, though they mean other prefectures.
    expect(codesOf('2025').size).toBe(48)
    expect(codesOf('2019').size).toBe(48)
    const tokyo = banners.filter(({ city }) => city === 'Tokyo')
    expect(new Set(tokyo.map(({ timestamp, regionCode }) => `${timestamp.slice(0, 4)} ${regionCode}`))).toEqual(
      new Set(['2025 13', '2019 40']),
    )
    const abroad = banners.filter(({ country }) => country !== undefined && country !== 'JP').length / count
    expect(abroad).toBeGreaterThan(0.03)
    expect(abroad).toBeLessThan(0.07)
    expect(banners.some(({ country }) => country === undefined)).toBe(true)
  })

  it('has pages and certificates', () => {
    const secure = banners.filter(({ module }) => module === 'https')
    expect(secure.every(({ html }) => html?.endsWith('</html>\n'))).toBe(true)
    expect(secure.every(({ certificateName }) => certificateName?.endsWith('.example'))).toBe(true)
  })

  it('makes every slim record an endpoint of its own, at 65 addresses for 100 endpoints', () => {
    const slim = make(true).map(readBanner)
    expect(new Set(slim.map(({ ip, port, transport }) => `${ip} ${port} ${transport}`)).size).toBe(count)
    expect(new Set(slim.map(({ ip }) => ip)).size).toBe(count * 0.65)
    expect(new Set(slim.map(({ data }) => data)).size).toBeGreaterThan(count * 0.5)
    expect(slim.every(({ port = -1 }) => port > 0 && port < 65_536)).toBe(true)
    expect(slim.every(({ html }) => html === undefined)).toBe(true)
  })
})
