import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach } from 'vitest'

const opened: { close(): unknown }[] = []
afterEach(() => {
  for (const each of opened.splice(0)) each.close()
})

/** Closes something when the test that runs has finished. */
export const closed = (each: { close(): unknown }): void => void opened.push(each)

/** A server on an address of loopback, ended with its connections after the test. @param port 0: any that is free */
export async function serve(address: string, port: number, answer: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    answer(socket)
  })
  server.listen(port, address)
  await once(server, 'listening')
  closed({
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  return (server.address() as AddressInfo).port
}

/** Says what a mail server says to EHLO and QUIT. */
export const mail =
  (greeting: string) =>
  (socket: Socket): void => {
    socket.write(`220 mx.example.net ${greeting}\r\n`)
    socket.on('data', (bytes) => {
      const said = bytes.toString('latin1')
      if (said.startsWith('EHLO')) socket.write('250 mx.example.net\r\n')
      if (said.startsWith('QUIT')) socket.end('221 bye\r\n')
    })
  }

/** Answers datagrams on an address of loopback, until the test is over. @param port 0: any that is free */
export async function answering(
  address: string,
  port: number,
  reply: (asked: Buffer, from: RemoteInfo) => readonly Buffer[],
): Promise<number> {
  const socket = createSocket('udp4')
  socket.on('message', (bytes, from) => {
    for (const each of reply(bytes, from)) socket.send(each, from.port, from.address)
  })
  socket.bind(port, address)
  await once(socket, 'listening')
  closed(socket)
  return socket.address().port
}

/** What a time server of stratum 2 replies to a client. */
export const time = (asked: Buffer): Buffer => {
  const reply = Buffer.alloc(48)
  reply[0] = 0x24
  reply[1] = 2
  asked.copy(reply, 24, 40, 48)
  return reply
}
