import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'

/** A request the engine was sent. */
export interface EngineRequest {
  readonly method: string
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** When it came, in milliseconds since 1970. */
  readonly at: number
}

/** What the engine says; a body that is neither text nor bytes is sent as JSON. */
export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

export type Answer = (request: EngineRequest) => Reply | Promise<Reply>

/** What goes wrong with one answer. */
export type Fault =
  | { readonly fault: 'denied'; readonly status: 401 | 403; readonly as: 'json' | 'html' }
  /** 429; Retry-After as given: seconds, `0`, an HTTP date, or none. */
  | { readonly fault: 'too-many'; readonly retryAfter?: string }
  | { readonly fault: 'down'; readonly status: 500 | 502 | 503; readonly retryAfter?: string }
  /** The connection ends after `at` bytes of the body, though its Content-Length is that of the whole. */
  | { readonly fault: 'cut'; readonly at: number; readonly gzip?: boolean }
  /** Only the first `at` bytes of the compressed body are sent, as if they were the whole. */
  | { readonly fault: 'gzip-cut'; readonly at: number }
  /** 200 with `{"error": …}`. */
  | { readonly fault: 'error'; readonly error: string }
  /** No answer ever. */
  | { readonly fault: 'silence' }
  /** 302 to another host, where a trap waits: see Engine.trapped. */
  | { readonly fault: 'redirect' }
  /** The body of the last whole answer once more; the right one when there is none. */
  | { readonly fault: 'repeat' }
  /** The number at `field` (`total` when absent, dots between keys) is changed by `delta`. */
  | { readonly fault: 'total'; readonly delta: number; readonly field?: string }
  /** 200 without a body. */
  | { readonly fault: 'empty' }
  /** 200 with a page for people. */
  | { readonly fault: 'html' }
  /** The right answer, made `bytes` longer by blanks before it. */
  | { readonly fault: 'too-large'; readonly bytes: number; readonly gzip?: boolean }
  /** The right answer under another Content-Type. */
  | { readonly fault: 'content-type'; readonly type: string }
  /** 200 with JSON of another shape: `[]`, `null`, `"x"`, `5`. */
  | { readonly fault: 'shape'; readonly body: unknown }

/** What may go wrong with any engine's answer. */
export const anyFaults: readonly Fault[] = [
  { fault: 'denied', status: 401, as: 'json' },
  { fault: 'denied', status: 401, as: 'html' },
  { fault: 'denied', status: 403, as: 'json' },
  { fault: 'too-many' },
  { fault: 'too-many', retryAfter: '0' },
  { fault: 'too-many', retryAfter: 'Wed, 21 Oct 2015 07:28:00 GMT' },
  { fault: 'down', status: 500 },
  { fault: 'down', status: 502 },
  { fault: 'down', status: 503, retryAfter: '0' },
  { fault: 'cut', at: 0 },
  { fault: 'cut', at: 40 },
  { fault: 'gzip-cut', at: 25 },
  { fault: 'error', error: 'The search request timed out or your query was invalid.' },
  { fault: 'error', error: 'Insufficient query credits, please upgrade your API plan' },
  { fault: 'silence' },
  { fault: 'redirect' },
  { fault: 'repeat' },
  { fault: 'total', delta: 3 },
  { fault: 'total', delta: -3 },
  { fault: 'empty' },
  { fault: 'html' },
  { fault: 'content-type', type: 'text/plain' },
  { fault: 'shape', body: [] },
  { fault: 'shape', body: null },
  { fault: 'shape', body: { total: -1 } },
]

export interface Engine {
  /** `http://127.0.0.1:port`. */
  readonly url: string
  /** Every request so far, in order. */
  readonly requests: readonly EngineRequest[]
  /** How many connections the engine has had. */
  readonly connections: () => number
  /** How many connections came to where redirects point: none should. */
  readonly trapped: () => number
  /** Ends the engine and every connection to it, answered or not. */
  readonly close: () => Promise<void>
}

export interface EngineOptions {
  readonly answer: Answer
  /** Asked for each request, counted from 0. */
  readonly faults?: (n: number, request: EngineRequest) => Fault | undefined
  /** Compresses every answer to who asks for gzip. */
  readonly gzip?: boolean
}

interface Whole {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const page = (title: string): Whole => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: Buffer.from(
    `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`,
  ),
})

const whole = ({ status = 200, headers = {}, body }: Reply): Whole => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
})

const json = (status: number, body: unknown): Whole => whole({ status, body })

const zipped = (answer: Whole): Whole => ({
  ...answer,
  headers: { ...answer.headers, 'content-encoding': 'gzip' },
  body: gzipSync(answer.body),
})

const retrying = (answer: Whole, retryAfter: string | undefined): Whole => ({
  ...answer,
  headers: { ...answer.headers, ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) },
})

const titles = { 500: 'Internal Server Error', 502: 'Bad Gateway', 503: 'Service Unavailable' } as const

/** An answer whose number at `field` is another. */
function changed(answer: Whole, field: string, delta: number): Whole {
  const value = JSON.parse(answer.body.toString()) as Record<string, unknown>
  const keys = field.split('.')
  let at = value
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>
  const last = keys.at(-1) ?? ''
  at[last] = Number(at[last]) + delta
  return { ...answer, body: Buffer.from(JSON.stringify(value)) }
}

async function read(request: IncomingMessage): Promise<EngineRequest> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  const chunks: Buffer[] = []
  const at = Date.now()
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return {
    method: request.method ?? '',
    path: url.pathname,
    params: Object.fromEntries(url.searchParams),
    headers: request.headers,
    body: Buffer.concat(chunks).toString(),
    at,
  }
}

/** Sends an answer, or its first bytes only before the connection ends. */
function sendAnswer(response: ServerResponse, { status, headers, body }: Whole, bytes?: number): void {
  response.writeHead(status, { ...headers, 'content-length': String(body.length) })
  if (bytes === undefined) {
    response.end(body)
    return
  }
  response.flushHeaders()
  const hangUp = (): void => response.socket?.destroySoon()
  // The last byte is never sent: with it nothing would be cut.
  const part = body.subarray(0, Math.max(0, Math.min(bytes, body.length - 1)))
  if (part.length === 0) hangUp()
  else response.write(part, hangUp)
}

const listening = async (server: Server, host: string): Promise<number> => {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  return (server.address() as AddressInfo).port
}

/**
 * Starts a server on loopback that plays a search engine: it says what `answer` says, unless `faults` names a fault for
 * the request. An error of `answer` is a 500 whose body is its message.
 */
export async function startEngine({ answer, faults, gzip = false }: EngineOptions): Promise<Engine> {
  const requests: EngineRequest[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let trapped = 0
  let trap: Server | undefined
  let lastWhole: Whole | undefined

  const trapUrl = async (): Promise<string> => {
    trap ??= createTcpServer((socket) => {
      trapped += 1
      socket.destroy()
    })
    const port = trap.listening ? (trap.address() as AddressInfo).port : await listening(trap, '127.0.0.2')
    return `http://127.0.0.2:${port}/`
  }

  const right = async (request: EngineRequest): Promise<Whole> => {
    lastWhole = whole(await answer(request))
    return lastWhole
  }

  const respond = async (request: EngineRequest, fault: Fault | undefined, response: ServerResponse): Promise<void> => {
    const send = (answered: Whole, bytes?: number): void => sendAnswer(response, answered, bytes)
    const asked = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
    switch (fault?.fault) {
      case undefined: {
        const answered = await right(request)
        return send(gzip && asked ? zipped(answered) : answered)
      }
      case 'denied':
        return send(
          fault.as === 'json'
            ? json(fault.status, { error: 'Access denied' })
            : { ...page(fault.status === 401 ? '401 Unauthorized' : '403 Forbidden'), status: fault.status },
        )
      case 'too-many':
        return send(retrying(json(429, { error: 'Rate limit reached' }), fault.retryAfter))
      case 'down':
        return send(retrying({ ...page(titles[fault.status]), status: fault.status }, fault.retryAfter))
      case 'cut': {
        const answered = await right(request)
        return send(fault.gzip === true ? zipped(answered) : answered, fault.at)
      }
      case 'gzip-cut': {
        const answered = zipped(await right(request))
        return send({ ...answered, body: answered.body.subarray(0, Math.min(fault.at, answered.body.length - 1)) })
      }
      case 'error':
        return send(json(200, { error: fault.error }))
      case 'silence':
        return undefined
      case 'redirect':
        return send({ status: 302, headers: { location: await trapUrl() }, body: Buffer.alloc(0) })
      case 'repeat':
        return send(lastWhole ?? (await right(request)))
      case 'total':
        return send(changed(await right(request), fault.field ?? 'total', fault.delta))
      case 'empty':
        return send({ ...json(200, ''), body: Buffer.alloc(0) })
      case 'html':
        return send(page('Just a moment'))
      case 'too-large': {
        const answered = await right(request)
        const long = { ...answered, body: Buffer.concat([Buffer.alloc(fault.bytes, ' '), answered.body]) }
        return send(fault.gzip === true ? zipped(long) : long)
      }
      case 'content-type': {
        const answered = await right(request)
        return send({ ...answered, headers: { ...answered.headers, 'content-type': fault.type } })
      }
      case 'shape':
        return send(json(200, fault.body))
    }
  }

  const server = createServer((incoming, response) => {
    const handled = read(incoming).then((request) => {
      const n = requests.push(request) - 1
      return respond(request, faults?.(n, request), response)
    })
    handled.catch((error: unknown) => {
      if (!response.headersSent) sendAnswer(response, json(500, `the engine itself failed: ${String(error)}`))
    })
  })
  server.on('connection', (socket: Socket) => {
    connections += 1
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  const port = await listening(server, '127.0.0.1')

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    trapped: () => trapped,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await Promise.all(
        [server, trap].map((each) => new Promise<void>((resolve) => (each ? each.close(() => resolve()) : resolve()))),
      )
    },
  }
}
