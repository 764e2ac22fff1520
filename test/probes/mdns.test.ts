import { describe, expect, test } from 'vitest'
import { mdns } from '../../src/probes/mdns.ts'
import { ask, expectSturdy, hear } from '../helpers/reply.ts'

const name = '095f7365727669636573075f646e732d7364045f756470056c6f63616c00'
const question = `${name}000c8001`
const ipp = '045f697070045f746370c023' // _ipp._tcp, then what stands at 35: local
const http = '055f68747470045f746370056c6f63616c00'

const ptr = (data: string, owner = 'c00c'): string =>
  `${owner}000c00010000000a${(data.length / 2).toString(16).padStart(4, '0')}${data}`

const reply = (head: string, ...parts: readonly string[]): Buffer =>
  Buffer.from(`0b30${head}00000000${parts.join('')}`, 'hex')
const full = reply('840000010003', question, ptr(ipp), ptr(http), ptr(ipp))

test('one unicast query that asks for a unicast response', () => {
  expect(ask(mdns).toString('hex')).toBe(`0b3000000001000000000000${question}`)
})

describe('a responder', () => {
  test('names its kinds of services, each once', () => {
    expect(hear(mdns, full)).toEqual({ module: 'mdns', banner: '_ipp._tcp.local\n_http._tcp.local' })
  })

  test.each([
    [
      'repeats the question without its unicast bit',
      reply('840000010001', `${name}000c0001`, ptr(http)),
      '_http._tcp.local',
    ],
    ['does not repeat the question', reply('840000000001', ptr(http, name)), '_http._tcp.local'],
    ['has no services', reply('840000010000', question), ''],
    ['names one by a loop', reply('840000010001', question, ptr('c039')), ''],
    ['names one beyond its record', reply('840000010001', question, `c00c000c00010000000a0002${http}`), ''],
  ])('that %s is one', (_, said, banner) => {
    expect(hear(mdns, said)).toEqual({ module: 'mdns', banner })
  })

  test.each([
    ['a query', reply('000000010000', question)],
    ['a response to nothing', reply('840000000000')],
    ['a response to another question', reply('840000010000', `${name}00018001`)],
    ['a record of another name', reply('840000000001', ptr(http, http))],
    ['fewer records than it counts', reply('84000001ffff', question, ptr(http))],
  ])('is not %s', (_, said) => {
    expect(hear(mdns, said)).toBeUndefined()
  })
})

test('stands whatever is sent', () => expectSturdy(mdns, full, 16))
