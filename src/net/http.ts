import { setMaxListeners } from 'node:events'
import { rootCertificates } from 'node:tls'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { EnvHttpProxyAgent, Pool, type Dispatcher } from 'undici'
import { wrongInput } from '../model/errors.ts'

/** A request to a search engine. */
export interface HttpRequest {
  readonly url: URL
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** An answer, whatever its status; its body whole and decompressed. */
export interface HttpAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Why there is no answer: none came, it broke off, it was too large, or its encoding is broken. */
export class HttpFailure extends Error {
  readonly kind: 'silence' | 'connection' | 'cut' | 'too-large' | 'encoding'

  constructor(kind: HttpFailure['kind'], message: string) {
    super(message)
    this.name = 'HttpFailure'
    this.kind = kind
  }
}

export interface HttpClient {
  /** Sends one request, once. Redirects are answers, never followed. @throws HttpFailure, whose message holds no URL */
  send(request: HttpRequest): Promise<HttpAnswer>
  close(): Promise<void>
}

export interface HttpOptions {
  /** How long nothing may come, before the answer begins or within it; 30 s when absent. */
  readonly timeoutMs?: number
  /** The longest body taken, decompressed; 64 MiB when absent. */
  readonly maxBodyBytes?: number
  /** What HTTPS_PROXY, HTTP_PROXY and NO_PROXY say. */
  readonly proxy?: { readonly https?: string; readonly http?: string; readonly none?: string }
  /** Certificates in PEM to trust beside the usual ones. */
  readonly ca?: string
}

const inflate = promisify(gunzip)

/** Codes of connecting that mean: nobody said anything. */
const silent: ReadonlySet<string> = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'])

const codeOf = (error: unknown): string | undefined => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

/** A proxy as undici takes it. @throws CensusError when it is none; it may hold a password, so it is not repeated */
function proxyUrl(variable: string, value: string | undefined): string {
  if (value === undefined || value.trim() === '') return ''
  // `proxy.example.org:3128` is a proxy to curl and most others.
  const text = value.includes('://') ? value.trim() : `http://${value.trim()}`
  try {
    const { protocol, username, password } = new URL(text)
    // undici decodes them at the first request only.
    decodeURIComponent(`${username} ${password}`)
    if (/^https?:$/.test(protocol)) return text
  } catch {
    // Its error holds the URL.
  }
  throw wrongInput(
    `${variable} is not the URL of an HTTP proxy`,
    'Write it like http://proxy.example.org:3128, or unset it.',
  )
}

/** Why no answer began. Only codes are told of the error: its text may name what was asked. */
function unanswered(error: unknown): HttpFailure {
  if (error instanceof HttpFailure) return error
  const code = codeOf(error)
  if (code !== undefined && silent.has(code)) return new HttpFailure('silence', 'no answer came in time')
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return new HttpFailure('too-large', 'its headers are too large')
  const refusal = error instanceof Error ? /^Proxy response \((\d{3})\)/.exec(error.message)?.[1] : undefined
  if (refusal !== undefined) return new HttpFailure('connection', `the proxy refuses to connect (${refusal})`)
  // OpenSSL's words for it: CERT_HAS_EXPIRED, UNABLE_TO_VERIFY_LEAF_SIGNATURE, ERR_TLS_CERT_ALTNAME_INVALID, …
  if (code !== undefined && /CERT|VERIFY/.test(code)) {
    return new HttpFailure('connection', `the certificate cannot be trusted (${code})`)
  }
  return new HttpFailure('connection', `no connection, or none that holds (${code ?? 'unknown error'})`)
}

/** Reads a body, calling `alive` at each sign of life. @throws HttpFailure 'cut' and 'too-large' */
async function readBody(body: Dispatcher.ResponseData['body'], maxBytes: number, alive: () => void): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      alive()
      bytes += chunk.length
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof HttpFailure ? error : new HttpFailure('cut', 'the answer broke off')
  }
  return Buffer.concat(chunks, bytes)
}

const tooLarge = (maxBytes: number): HttpFailure =>
  new HttpFailure('too-large', `the answer is longer than ${maxBytes} bytes`)

/** A whole body, decompressed. @throws HttpFailure 'too-large' and 'encoding' */
async function decoded(body: Buffer, headers: HttpAnswer['headers'], maxBytes: number): Promise<Buffer> {
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase()
  if (encoding === '' || encoding === 'identity') return body
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new HttpFailure('encoding', 'the answer is compressed in a way that was not asked for')
  }
  // An answer without a body may still say how its body would be compressed; one that lost its body may not.
  if (body.length === 0 && headers['content-length'] === '0') return body
  try {
    // In pieces as large as the whole may be: each piece has its cost.
    const chunkSize = Math.min(2 ** 20, Math.max(2 ** 14, 8 * body.length))
    return await inflate(body, { maxOutputLength: maxBytes, chunkSize })
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes)
    throw new HttpFailure('encoding', 'the answer cannot be decompressed: it is cut off or broken')
  }
}

const flat = (headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  )

interface Silence {
  /** Rejects after so long without a sign of life. */
  readonly broken: Promise<never>
  readonly alive: () => void
  readonly end: () => void
}

/** Listens for silence, from now on. */
function silence(timeoutMs: number): Silence {
  let timer: NodeJS.Timeout | undefined
  const broken = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HttpFailure('silence', `nothing came for ${timeoutMs / 1000} s`)), timeoutMs)
  })
  return { broken, alive: () => void timer?.refresh(), end: () => clearTimeout(timer) }
}

/** A connection to a proxy. undici connects again and again when a proxy hangs up, unless the error is not its own. */
function proxyClient(origin: URL, settings: object): Pool {
  const pool = new Pool(origin, { ...settings, headersTimeout: 0 })
  const connect = pool.connect.bind(pool)
  return Object.assign(pool, {
    connect: (asked: Parameters<typeof connect>[0]) =>
      connect(asked).catch((error: unknown) => {
        throw unanswered(error)
      }),
  })
}

/** What leads to one server. */
interface Link {
  readonly agent: EnvHttpProxyAgent
  readonly end: () => Promise<void>
}

/**
 * Opens nothing yet: a connection is made by the first request to a server, kept, and used by the requests to it that
 * follow. Requests to one server wait for each other.
 * @throws CensusError when a proxy is no URL
 */
export function openHttp(options: HttpOptions = {}): HttpClient {
  const { timeoutMs = 30_000, maxBodyBytes = 64 * 2 ** 20, proxy = {}, ca } = options
  const addresses = {
    // Empty, not absent: undici reads the environment for what is absent.
    httpsProxy: proxyUrl('HTTPS_PROXY', proxy.https),
    httpProxy: proxyUrl('HTTP_PROXY', proxy.http),
    noProxy: proxy.none ?? '',
  }
  const links = new Map<string, Link>()
  /** The last request to each server. */
  const last = new Map<string, Promise<unknown>>()
  let isClosed = false

  const open = (): Link => {
    // Connections being made are not undici's to end: they would outlive it, until they fail of themselves.
    const ending = new AbortController()
    // Each connection listens.
    setMaxListeners(0, ending.signal)
    const socket = {
      timeout: timeoutMs,
      signal: ending.signal,
      // tls takes them instead of the usual certificates.
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    }
    const agent = new EnvHttpProxyAgent({
      ...addresses,
      connections: 1,
      // Silence is timed below, from asking on: looking up a name, a proxy and TLS can be silent too.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: socket,
      requestTls: socket,
      proxyTls: socket,
      clientFactory: proxyClient,
    })
    return { agent, end: () => agent.destroy().finally(() => ending.abort()) }
  }

  const linkTo = (origin: string): Link => {
    const link = links.get(origin) ?? open()
    links.set(origin, link)
    return link
  }

  const answerOf = async (request: HttpRequest, alive: () => void): Promise<HttpAnswer> => {
    const { url, method = 'GET', headers = {}, body } = request
    const answer = await linkTo(url.origin)
      .agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { ...flat(headers), 'accept-encoding': 'gzip' },
        ...(body === undefined ? {} : { body }),
      })
      .catch((error: unknown) => {
        throw unanswered(error)
      })
    alive()
    const raw = await readBody(answer.body, maxBodyBytes, alive)
    const named = flat(answer.headers)
    return { status: answer.statusCode, headers: named, body: await decoded(raw, named, maxBodyBytes) }
  }

  const once = async (request: HttpRequest): Promise<HttpAnswer> => {
    if (isClosed) throw new HttpFailure('connection', 'the client is closed')
    const { broken, alive, end } = silence(timeoutMs)
    try {
      return await Promise.race([answerOf(request, alive), broken])
    } catch (error) {
      // Nothing of a failure may reach the next request: neither half an answer nor a connection still being tried.
      const link = links.get(request.url.origin)
      links.delete(request.url.origin)
      await link?.end()
      throw error
    } finally {
      end()
    }
  }

  return {
    send: (request) => {
      const before = last.get(request.url.origin) ?? Promise.resolve()
      // Waiting is no silence: the time of a request starts when it is its turn.
      const answer = before.then(() => once(request))
      const ended = answer.catch(() => undefined)
      last.set(request.url.origin, ended)
      return answer
    },
    close: async () => {
      isClosed = true
      await Promise.all([...links.values()].map((link) => link.end()))
    },
  }
}
