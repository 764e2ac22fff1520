import { describe, expect, test } from 'vitest'
import { dns } from '../../src/probes/dns.ts'
import { ask, expectSturdy, hear } from '../helpers/reply.ts'

const id = '0b30'
const question = '0776657273696f6e0462696e640000100003'
const hexOf = (text: string): string => Buffer.from(text, 'latin1').toString('hex')

interface Told {
  readonly flags?: string
  readonly counts?: string
  readonly question?: string
  readonly answer?: string
}

const reply = ({
  flags = '8400',
  counts = '0001000100000000',
  question: asked = question,
  answer = '',
}: Told): Buffer => Buffer.from(id + flags + counts + asked + answer, 'hex')

/** A TXT record of that owner, whose strings are these. */
const txt = (owner: string, ...strings: readonly string[]): string => {
  const data = strings.map((text) => text.length.toString(16).padStart(2, '0') + hexOf(text)).join('')
  return `${owner}0010000300000000${(data.length / 2).toString(16).padStart(4, '0')}${data}`
}

const label = (length: number): string => `${length.toString(16)}${'41'.repeat(length)}`

const version = reply({ answer: txt('c00c', '9.18.24-1-Debian') })
const refused = reply({ flags: '8005', counts: '0001000000000000' })

test('one query for version.bind, TXT, class CH, without recursion', () => {
  expect(ask(dns).toString('hex')).toBe(`${id}00000001000000000000${question}`)
})

describe('a name server', () => {
  test('tells its version', () => {
    expect(hear(dns, version)).toEqual({
      module: 'dns',
      banner: '9.18.24-1-Debian',
      tags: [],
    })
  })

  test('tells words that are no version', () => {
    const finding = hear(dns, reply({ flags: '8480', answer: txt('c00c', 'none of ', 'your business') }))
    expect(finding).toEqual({ module: 'dns', banner: 'none of your business', tags: ['recursion-offered'] })
  })

  test.each([
    ['refuses', refused, 'REFUSED'],
    ['sends its header alone', Buffer.from(`${id}80040000000000000000`, 'hex'), 'NOTIMP'],
    ['tells nothing', reply({ counts: '0001000000000000' }), 'NOERROR'],
    ['has a result of its own', reply({ flags: '800f', counts: '0001000000000000' }), 'RCODE 15'],
    [
      'writes the question in capitals',
      reply({ flags: '8005', counts: '0001000000000000', question: question.replace('7665', '5645') }),
      'REFUSED',
    ],
    ['has an empty record', reply({ answer: txt('c00c') }), 'NOERROR'],
    ['has text of the Internet', reply({ answer: txt('c00c', '9.9').replace('00100003', '00100001') }), 'NOERROR'],
    ['has a record of another type', reply({ answer: txt('c00c', '9.9').replace('00100003', '000d0003') }), 'NOERROR'],
    [
      'has as many answers as are read',
      reply({ counts: '0001008000000000', answer: txt('c00c').repeat(128) }),
      'NOERROR',
    ],
    ['has a name of 255 bytes', reply({ answer: txt(`${label(63).repeat(3)}${label(61)}00`) }), 'NOERROR'],
    ['has a string longer than its record', reply({ answer: 'c00c00100003000000000002ff41' }), 'NOERROR'],
  ])('that %s is one', (_, said, banner) => {
    expect(hear(dns, said)).toEqual({ module: 'dns', banner, tags: [] })
  })

  test.each([
    ['a query', reply({ flags: '0400', counts: '0001000000000000' })],
    ['an update', reply({ flags: 'a800', counts: '0001000000000000' })],
    [
      'an answer to another question',
      reply({ counts: '0001000000000000', question: question.replace('0010', '0001') }),
    ],
    ['an answer to another class', reply({ counts: '0001000000000000', question: question.replace(/03$/, '01') })],
    ['an answer to none', reply({ counts: '0000000100000000', question: '', answer: txt('00', '9.9') })],
    [
      'an error for no question',
      reply({ flags: '8005', counts: '0000000100000000', question: '', answer: txt('00', '9.9') }),
    ],
    ['a header alone without an error', Buffer.from(`${id}80000000000000000000`, 'hex')],
    ['a name that leads to itself', reply({ answer: txt('c01e', '9.9') })],
    ['names that lead to each other', reply({ answer: txt('c020c01e', '9.9') })],
    ['two questions', reply({ counts: '0002000000000000', question: question + question })],
    ['more answers than are read', reply({ counts: '0001008100000000', answer: txt('c00c', '9').repeat(129) })],
    ['a name that leads forward to one', reply({ answer: txt('c020', '9.9') })],
    ['a name that leads forward', reply({ answer: txt('c0ff', '9.9') })],
    ['a label of 64 bytes', reply({ answer: txt(`40${'41'.repeat(64)}00`, '9.9') })],
    ['a name of 256 bytes', reply({ answer: txt(`${label(63).repeat(3)}${label(62)}00`, '9.9') })],
    ['a record longer than the message', reply({ answer: 'c00c0010000300000000ffff0141' })],
    ['fewer answers than it counts', reply({ counts: '0001ffff00000000', answer: txt('c00c', '9.9') })],
  ])('is not %s', (_, said) => {
    expect(hear(dns, said)).toBeUndefined()
  })
})

test.each([
  ['a version', version],
  ['a refusal', refused],
])('stands whatever is sent: %s', (_, said) => expectSturdy(dns, said, 16))
