import { describe, expect, test } from 'vitest'
import { fox } from '../../src/probes/fox.ts'
import { certificate, converse } from '../helpers/converse.ts'
import { expectSturdyTalk } from '../helpers/sturdy-talk.ts'

const fields =
  'fox.version=s:1.0.1\nid=i:1\nhostName=s:tower7.example.net\nhostAddress=s:192.0.2.7\napp.name=s:Station\n' +
  'app.version=s:3.8.41\nvm.name=s:Example VM\nos.name=s:QNX\nhostId=s:Qnx-0000\nbrandId=s:example\nsysInfo=o:bog 61[<bog/>\n]\n'
const reply = (head = 'fox a 0 -1 fox hello', said = fields): string => `${head}\n{\n${said}};;\n`

test('one hello', () => {
  expect(converse(fox, { says: [] }).sent).toBe('fox a 1 -1 fox hello\n{\nfox.version=s:1.0\nid=i:1\n};;\n')
})

describe('a station', () => {
  test('tells what it is, and no id of its machine', () => {
    expect(converse(fox, { says: [reply()] }).finding).toEqual({
      module: 'fox',
      banner:
        'fox.version: 1.0.1\nhostName: tower7.example.net\nhostAddress: 192.0.2.7\napp.name: Station\n' +
        'app.version: 3.8.41\nvm.name: Example VM\nos.name: QNX\nbrandId: example',
      version: '3.8.41',
      hostnames: [],
    })
  })

  test('over TLS has the names of its certificate', () => {
    const context = { tls: certificate(['tower7.example.net']) }
    expect(converse(fox, { says: [reply()], context }).finding?.hostnames).toEqual(['tower7.example.net'])
  })

  test('that breaks off has told what it told, but for the line that it was in', () => {
    const { banner } = converse(fox, { says: [reply().slice(0, 60)] }).finding ?? {}
    expect(banner).toBe('fox.version: 1.0.1')
  })

  test.each([
    ['a client', reply('fox a 1 -1 fox hello')],
    ['a station without its fields', 'fox a 0 -1 fox hello\n'],
    ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a word like it', reply('foxa 0 -1 fox hello')],
  ])('is not %s', (_, said) => {
    expect(converse(fox, { says: [said] }).finding).toBeUndefined()
  })

  test('is not waited for when it speaks otherwise', () => {
    expect(converse(fox, { says: ['220 ', 'mx', 'x'] }).heard).toBe(1)
  })

  test('that never ends is heard to a bound', () => {
    const { heard, finding } = converse(fox, { says: [reply().slice(0, -4), ...Array(100).fill('x'.repeat(1000))] })
    expect(heard).toBeLessThan(20)
    expect(finding?.version).toBe('3.8.41')
  })

  test.each([
    ['after its hello', `${reply()}fox a 0 1 fox more\n{\nlang=s:en\n};;\n`],
    ['later than is heard', `${reply().slice(0, -4)}${'x'.repeat(20_000)}\nlang=s:en\n};;\n`],
  ])('has told nothing %s, however that is cut', (_, said) => {
    for (const says of [[said], said.split(/(?<=;)/)])
      expect(converse(fox, { says }).finding?.banner).not.toContain('lang')
  })
})

test('stands whatever is said', () => expectSturdyTalk(fox, { says: [reply()] }))
