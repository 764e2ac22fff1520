import { describe, expect, test } from 'vitest'
import { faviconHash, iconPath } from '../../src/probes/favicon.ts'
import { murmur3 } from '../../src/probes/murmur3.ts'
import { firstOf, mutants, noise } from '../helpers/hostile.ts'

describe('MurmurHash3', () => {
  // Of its article in Wikipedia.
  test.each([
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['test', 0, 0xba6bd213],
    ['test', 0x9747b28c, 0x704b81dc],
    ['Hello, world!', 0, 0xc0363e43],
    ['The quick brown fox jumps over the lazy dog', 0, 0x2e4ff723],
  ])('of %j with %i', (text, seed, hash) => {
    expect(murmur3(Buffer.from(text), seed) >>> 0).toBe(hash)
  })

  test('has the verification value of its author’s SMHasher', () => {
    const key = Buffer.from(Array.from({ length: 256 }, (_, at) => at))
    const hashes = Buffer.alloc(1024)
    for (let length = 0; length < 256; length++)
      hashes.writeInt32LE(murmur3(key.subarray(0, length), 256 - length), length * 4)
    expect(murmur3(hashes) >>> 0).toBe(0xb0f57ee3)
  })
})

describe('the hash of an icon', () => {
  // By mmh3 5 for Python, of codecs.encode(icon, 'base64'), as Shodan's blog does it.
  test.each([
    [1, -1171659496],
    [56, -1649324091],
    [57, 1207343335],
    [58, -1741759818],
    [1150, -999853442],
    [15086, 954452871],
  ])('of %i bytes', (length, hash) => {
    expect(faviconHash(Buffer.from(Array.from({ length }, (_, at) => (at * 37 + 11) & 255)))).toBe(hash)
  })
})

describe('the icon of a page', () => {
  test.each([
    ['<link rel="icon" href="/img/icon.png">', '/img/icon.png'],
    ["<LINK type='image/png' HREF='/a-b_c~d.1/icon.svg' REL='Shortcut Icon' />", '/a-b_c~d.1/icon.svg'],
    ['<link rel=icon href=/icon.ico>', '/icon.ico'],
    ['<link rel="stylesheet" href="/x.png"><link\nrel="icon"\nhref="/y.jpeg">', '/y.jpeg'],
    ['<link rel="icon" href="//example.net/x.png"><link rel="icon" href="/y.gif">', '/y.gif'],
  ])('is what it names: %s', (page, path) => {
    expect(iconPath(Buffer.from(page))).toBe(path)
  })

  test.each([
    '',
    '<title>x</title>',
    '<link rel="apple-touch-icon" href="/x.png">',
    '<link rel="icon" data-href="/x.png">',
    '<link rel="icon" href="http://example.net/x.png">',
    '<link rel="icon" href="//example.net/x.png">',
    '<link rel="icon" href="/\\example.net/x.png">',
    '<link rel="icon" href="x.png">',
    '<link rel="icon" href="/../x.png">',
    '<link rel="icon" href="/a/../x.png">',
    '<link rel="icon" href="/.hidden.png">',
    '<link rel="icon" href="/a//x.png">',
    '<link rel="icon" href="/%2e%2e/x.png">',
    '<link rel="icon" href="/x.png?reboot=1">',
    '<link rel="icon" href="/x.png#y">',
    '<link rel="icon" href="/reboot">',
    '<link rel="icon" href="/x.cgi">',
    '<link rel="icon" href="/x.png HTTP/1.1">',
    '<link rel="icon" href="/x\r\nX: y.png">',
    '<link rel="icon" href="/x;y.png">',
    '<link rel="icon" href="/\u00fc.png">',
    '<link rel="icon" href="/x.png\0">',
    `<link rel="icon" href="/${'x'.repeat(96)}.png">`,
    `<link rel="icon" ${'x'.repeat(400)} href="/x.png">`,
    '<link rel="icon" href="/x.png"',
  ])('is the usual one where it names none that may be asked for: %j', (page) => {
    expect(iconPath(Buffer.from(page))).toBe('/favicon.ico')
  })

  test('is a plain path to an image, whatever a page says', () => {
    const isWrong = (page: Buffer): boolean => {
      const path = iconPath(page)
      return path.length > 100 || !/^(\/[\w~-][\w.~-]*)+\.\w{3,4}$/.test(path)
    }
    expect(firstOf(mutants(Buffer.from('<link rel="icon" href="/img/icon.png">'), 20_000), isWrong)).toBeUndefined()
    expect(firstOf(noise(2000), isWrong)).toBeUndefined()
    expect(isWrong(Buffer.from('<link '.repeat(3000)))).toBe(false)
    expect(isWrong(Buffer.from(`<link rel="icon" href="${'/a.'.repeat(100)}">`.repeat(40)))).toBe(false)
  })
})
