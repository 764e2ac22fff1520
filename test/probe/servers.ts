/*
 * Servers in and around the scope of test/probe/off-scope.test.ts, which starts this file in a network namespace where every
 * address is this machine's. Those in the scope try to make whoever asks go elsewhere.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Says something at once, and something to whatever is said. */
function talker(greeting: string, answer: (said: string) => string): Server {
  return createServer((socket) => {
    socket.on('error', () => undefined)
    if (greeting !== '') socket.write(greeting)
    socket.on('data', (bytes) => socket.write(answer(bytes.toString('latin1'))))
  })
}

const redirect =
  'HTTP/1.1 301 Moved Permanently\r\nLocation: http://198.18.0.1:25/\r\nRefresh: 0; url=http://198.18.0.1/\r\nAlt-Svc: h2="198.18.0.1:25"\r\nContent-Length: 0\r\n\r\n'
const elsewhere = (name: string): Server =>
  talker(`220 ${name} ESMTP\r\n`, (said) =>
    said.startsWith('EHLO') ? `250-${name}\r\n250 8BITMIME\r\n` : `551 try <@203.0.113.9:a@${name}>\r\n`,
  )

/** A time server's reply to a request. */
function time(request: Buffer): Buffer {
  const reply = Buffer.alloc(48)
  reply[0] = (4 << 3) | 4
  reply[1] = 1
  if (request.length >= 48) request.copy(reply, 24, 40, 48)
  return reply
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port, ipv6Only: host === '::' })
  await once(server, 'listening')
}

await Promise.all([
  // In the scope.
  listening(
    talker(redirect, () => redirect),
    '192.0.2.1',
    25,
  ),
  listening(
    talker(redirect, () => redirect),
    '192.0.2.1',
    587,
  ),
  listening(elsewhere('localhost'), '192.0.2.2', 25),
  listening(elsewhere('mx.example.net'), '192.0.2.2', 587),
  listening(elsewhere('[203.0.113.9]'), '::', 25),
  // Beside it: excluded, and where the others point.
  listening(elsewhere('excluded'), '192.0.2.5', 25),
  listening(elsewhere('outside'), '198.18.0.1', 25),
  listening(elsewhere('outside'), '203.0.113.9', 25),
  listening(
    talker('', () => redirect),
    '203.0.113.80',
    3128,
  ),
])

const other = createSocket('udp4').bind(123, '198.18.0.1')
// Answers from where nobody asked.
const answeredElsewhere = createSocket('udp4').bind(123, '192.0.2.3')
answeredElsewhere.on('message', (bytes, { address, port }) => other.send(time(bytes), port, address))
const honest = createSocket('udp4').bind(123, '192.0.2.4')
honest.on('message', (bytes, { address, port }) => honest.send(time(bytes), port, address))
await Promise.all([other, answeredElsewhere, honest].map((socket) => once(socket, 'listening')))
process.stdout.write('listening\n')
