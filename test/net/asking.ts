import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { expect } from 'vitest'
import { HttpFailure, openHttp, type HttpClient, type HttpOptions, type HttpRequest } from '../../src/net/http.ts'
import { startEngine, type Answer, type Engine, type Fault } from '../helpers/engine.ts'

const opened: (() => Promise<void>)[] = []

/** Closes what was opened, the last first: for after each test. */
export async function closeAll(): Promise<void> {
  for (const close of opened.splice(0).toReversed()) await close()
}

/** Closes something after the test. */
export const closeLater = (close: () => Promise<void>): void => void opened.push(close)

/** A client that is closed after the test, and so are these. */
export const client = (options: HttpOptions = {}): HttpClient => {
  const http = openHttp(options)
  closeLater(() => http.close())
  return http
}

export const engine = async (answer: Answer, faults?: (n: number) => Fault | undefined): Promise<Engine> => {
  const started = await startEngine({ answer, ...(faults === undefined ? {} : { faults }) })
  closeLater(() => started.close())
  return started
}

export interface RawServer {
  readonly url: string
  /** How many connections there have been. */
  readonly connections: () => number
  /** The connections there are. */
  readonly sockets: ReadonlySet<Socket>
}

/** A server that says what it likes once it has read the head of a request. */
export async function rawServer(says: (socket: Socket, path: string) => void): Promise<RawServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server: Server = createTcpServer((socket) => {
    connections += 1
    sockets.add(socket)
    let head = ''
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.on('data', (data: Buffer) => {
      head += data.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      const path = head.split(' ')[1] ?? ''
      head = ''
      says(socket, path)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closeLater(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, connections: () => connections, sockets }
}

/** Stands in every query, header, body and proxy password below. */
export const canary = 'k3y-of-the-canary'
export const asked = (base: string, path = '/'): HttpRequest => {
  const url = new URL(path, base)
  url.searchParams.set('key', canary)
  return { url, headers: { authorization: `Bearer ${canary}` } }
}

/** The failure of a request, after looking for the key in all that could be printed of it. */
export async function failure(answer: Promise<unknown>): Promise<HttpFailure> {
  const error = await answer.then(
    (value) => expect.fail(`an answer came: ${inspect(value)}`),
    (reason: unknown) => reason,
  )
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(canary)
  expect(error).toBeInstanceOf(HttpFailure)
  return error as HttpFailure
}
