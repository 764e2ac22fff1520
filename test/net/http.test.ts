import { execFile } from 'node:child_process'
import { promisify, inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { CensusError } from '../../src/model/errors.ts'
import { openHttp, type HttpFailure } from '../../src/net/http.ts'
import { startEngine } from '../helpers/engine.ts'
import { asked, canary, client, closeAll, engine, failure, rawServer } from './asking.ts'

afterEach(closeAll)

describe('answers', () => {
  test('of any status are answers, their headers in lower case and their bodies whole', async () => {
    const { url, requests } = await engine(({ path }) => ({
      status: Number(path.slice(1)),
      headers: { 'X-Odd-Name': 'Value' },
      body: { said: path },
    }))
    const http = client()
    for (const status of [200, 400, 401, 404, 429, 500, 503]) {
      const answer = await http.send(asked(url, `/${status}`))
      expect(answer).toMatchObject({ status, headers: { 'x-odd-name': 'Value', 'content-type': 'application/json' } })
      expect(JSON.parse(answer.body.toString())).toEqual({ said: `/${status}` })
    }
    expect(requests[0]).toMatchObject({
      method: 'GET',
      params: { key: canary },
      headers: { 'accept-encoding': 'gzip', authorization: `Bearer ${canary}` },
    })
  })

  test('to what is posted', async () => {
    const { url, requests } = await engine(({ body }) => ({ body: { got: body } }))
    const answer = await client().send({ ...asked(url), method: 'POST', body: '{"query":"京都"}' })
    expect(JSON.parse(answer.body.toString())).toEqual({ got: '{"query":"京都"}' })
    expect(requests[0]?.method).toBe('POST')
  })

  test.each(['gzip', 'x-gzip', 'GZIP', 'identity'])('in %s', async (encoding) => {
    const text = 'a'.repeat(100_000)
    const { url } = await engine(() => ({
      headers: { 'content-encoding': encoding },
      body: encoding === 'identity' ? text : gzipSync(text),
    }))
    expect((await client({ maxBodyBytes: text.length }).send(asked(url))).body.toString()).toBe(text)
  })

  test('without a body, compressed or not', async () => {
    const { url } = await engine(({ path }) => ({
      body: '',
      headers: path === '/zipped' ? { 'content-encoding': 'gzip' } : {},
    }))
    for (const path of ['/plain', '/zipped']) expect((await client().send(asked(url, path))).body).toHaveLength(0)
  })

  test('that redirect are not followed', async () => {
    const { url, requests, trapped } = await engine(
      () => ({ body: 'x' }),
      () => ({ fault: 'redirect' }),
    )
    const { status, headers } = await client().send(asked(url))
    expect([status, headers['location']]).toEqual([302, expect.stringContaining('127.0.0.2')])
    expect([requests.length, trapped()]).toEqual([1, 0])
  })

  test('come over one connection, and requests to one server wait for each other', async () => {
    let [now, most] = [0, 0]
    const { url, connections, requests } = await engine(async () => {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setTimeout(resolve, 250))
      now -= 1
      return { body: 'x' }
    })
    // All five together last longer than one may.
    const http = client({ timeoutMs: 1000 })
    await Promise.all([1, 2, 3, 4, 5].map(() => http.send(asked(url))))
    await http.send(asked(url))
    expect([connections(), most, requests.length]).toEqual([1, 1, 6])
  })
})

describe('failures', () => {
  const zipped = gzipSync('x'.repeat(1000) + Math.E)
  const head = (headers: string): string => `HTTP/1.1 200 OK\r\n${headers}\r\n\r\n`

  test.each<[string, HttpFailure['kind'], (string | Buffer)[], 'end' | 'reset' | 'wait']>([
    ['nothing', 'silence', [], 'wait'],
    ['half a head', 'silence', ['HTTP/1.1 200 OK\r\nContent-Le'], 'wait'],
    ['half a body', 'silence', [head('Content-Length: 10'), '12345'], 'wait'],
    ['half a chunk', 'silence', [head('Transfer-Encoding: chunked'), 'a\r\n123'], 'wait'],
    ['a closed connection', 'connection', [], 'end'],
    ['a reset', 'connection', [], 'reset'],
    ['half a head, closed', 'connection', ['HTTP/1.1 200 OK\r\nContent-Le'], 'end'],
    ['no HTTP', 'connection', ['220 mail.example.org ESMTP\r\n'], 'wait'],
    ['half a body, closed', 'cut', [head('Content-Length: 10'), '12345'], 'end'],
    ['half a body, reset', 'cut', [head('Content-Length: 10'), '12345'], 'reset'],
    ['half a chunk, closed', 'cut', [head('Transfer-Encoding: chunked'), 'a\r\n123'], 'end'],
    ['chunks without the last', 'cut', [head('Transfer-Encoding: chunked'), '3\r\n123\r\n'], 'end'],
    ['a broken chunk', 'cut', [head('Transfer-Encoding: chunked'), '3\r\n123\r\nzz\r\n'], 'wait'],
    ['gzip, cut', 'encoding', [head('Content-Length: 20\r\nContent-Encoding: gzip'), zipped.subarray(0, 20)], 'wait'],
    ['gzip, cut, no length', 'encoding', [head('Content-Encoding: gzip'), zipped.subarray(0, 20)], 'end'],
    ['gzip, nothing of it, no length', 'encoding', [head('Content-Encoding: gzip')], 'end'],
    ['no gzip', 'encoding', [head('Content-Length: 4\r\nContent-Encoding: gzip'), '{  }'], 'wait'],
    ['brotli, unasked', 'encoding', [head('Content-Length: 4\r\nContent-Encoding: br'), 'abcd'], 'wait'],
    ['a body too large', 'too-large', [head('Content-Length: 90000'), 'x'.repeat(90_000)], 'wait'],
    [
      'chunks without end',
      'too-large',
      [head('Transfer-Encoding: chunked'), `5000\r\n${'x'.repeat(0x5000)}\r\n`],
      'wait',
    ],
    ['headers too large', 'too-large', [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`], 'wait'],
  ])('%s is %s, and the next request is answered', async (_, kind, parts, then) => {
    const server = await rawServer((socket, path) => {
      if (path.startsWith('/whole')) {
        socket.write(`${head('Content-Length: 2')}ok`)
        return
      }
      for (const part of parts) socket.write(part)
      if (then === 'end') socket.end()
      if (then === 'reset') setTimeout(() => socket.resetAndDestroy(), 100)
    })
    const http = client({ timeoutMs: 1000, maxBodyBytes: 10_000 })
    expect((await failure(http.send(asked(server.url)))).kind).toBe(kind)
    expect((await http.send(asked(server.url, '/whole'))).body.toString()).toBe('ok')
    expect(server.connections()).toBe(2)
  })

  test('a body that comes slowly is no silence', async () => {
    const { url } = await rawServer((socket) => {
      socket.write(head('Content-Length: 6'))
      for (let n = 1; n <= 6; n++) setTimeout(() => socket.write('x'), n * 250)
    })
    // The six take longer than one may.
    expect((await client({ timeoutMs: 1000 }).send(asked(url))).body.toString()).toBe('xxxxxx')
  })

  test.each([{ gzip: true }, { gzip: false }])(
    'one byte more than there may be ($gzip: compressed)',
    async ({ gzip }) => {
      const { url } = await engine(
        () => ({ body: '{}' }),
        () => ({ fault: 'too-large', bytes: 1_000_000, gzip }),
      )
      const limit = 1_000_002
      expect((await client({ maxBodyBytes: limit }).send(asked(url))).body).toHaveLength(limit)
      expect((await failure(client({ maxBodyBytes: limit - 1 }).send(asked(url)))).kind).toBe('too-large')
    },
  )

  test('a refused connection, a name that cannot be looked up, a header that cannot be sent', async () => {
    const gone = await rawServer(() => undefined)
    await closeAll()
    const refused = await failure(client().send(asked(gone.url)))
    expect(refused).toMatchObject({ kind: 'connection', message: expect.stringContaining('ECONNREFUSED') as string })
    // A label of 64 letters is refused before anybody is asked for it.
    expect((await failure(client().send(asked(`http://${'a'.repeat(64)}.invalid`)))).kind).toBe('connection')
    const { url } = await engine(() => ({ body: 'x' }))
    const broken = { url: new URL(url), headers: { authorization: `${canary}\r\n` } }
    expect((await failure(client().send(broken))).kind).toBe('connection')
  })
})

describe('an answer cut at every byte', () => {
  const body = '{"total":3}'
  const squeezed = gzipSync(body)
  const chunked = (bytes: Buffer): Buffer =>
    Buffer.concat([
      ...[bytes.subarray(0, 4), bytes.subarray(4)].flatMap((part) => [
        Buffer.from(`${part.length.toString(16)}\r\n`),
        part,
        Buffer.from('\r\n'),
      ]),
      Buffer.from('0\r\n\r\n'),
    ])
  const ok = 'HTTP/1.1 200 OK\r\n'

  test.each<[string, Buffer]>([
    ['plain', Buffer.from(`${ok}Content-Length: ${body.length}\r\n\r\n${body}`)],
    ['chunked', Buffer.concat([Buffer.from(`${ok}Transfer-Encoding: chunked\r\n\r\n`), chunked(Buffer.from(body))])],
    [
      'gzip',
      Buffer.concat([
        Buffer.from(`${ok}Content-Encoding: gzip\r\nContent-Length: ${squeezed.length}\r\n\r\n`),
        squeezed,
      ]),
    ],
    [
      'gzip in chunks',
      Buffer.concat([
        Buffer.from(`${ok}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n`),
        chunked(squeezed),
      ]),
    ],
    ['gzip until the end', Buffer.concat([Buffer.from(`${ok}Content-Encoding: gzip\r\n\r\n`), squeezed])],
  ])('%s', async (name, bytes) => {
    const { url } = await rawServer((socket, path) => {
      socket.end(bytes.subarray(0, Number(new URL(path, 'http://127.0.0.1').searchParams.get('at'))))
    })
    const bodyStart = bytes.indexOf('\r\n\r\n') + 4
    const http = client()
    for (let at = 0; at < bytes.length; at++) {
      const { kind } = await failure(http.send(asked(url, `/?at=${at}`)))
      const broken = name === 'gzip until the end' ? 'encoding' : 'cut'
      expect(`${at} ${kind}`).toBe(`${at} ${at < bodyStart ? 'connection' : broken}`)
    }
    expect((await http.send(asked(url, `/?at=${bytes.length}`))).body.toString()).toBe(body)
  })

  test('one byte at a time is whole', async () => {
    const bytes = Buffer.from(`${ok}Content-Length: ${body.length}\r\n\r\n${body}`)
    const { url } = await rawServer((socket) => {
      let at = 0
      const next = (): void => {
        if (at < bytes.length) socket.write(bytes.subarray(at, ++at), () => setImmediate(next))
      }
      next()
    })
    expect((await client().send(asked(url))).body.toString()).toBe(body)
  })
})

describe('closing', () => {
  test('ends what is asked and what waits, and refuses what comes after', async () => {
    const { url, requests } = await engine(
      () => ({ body: 'x' }),
      () => ({ fault: 'silence' }),
    )
    const http = openHttp()
    const answers = [failure(http.send(asked(url))), failure(http.send(asked(url)))]
    while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await http.close()
    for (const answer of [...answers, failure(http.send(asked(url)))]) expect((await answer).kind).toBe('connection')
    expect(requests).toHaveLength(1)
    await http.close()
  })

  test('lets the process end', async () => {
    const { url } = await engine(() => ({ body: 'x' }))
    const module = new URL('../../src/net/http.ts', import.meta.url).href
    const script = `
      import { openHttp } from ${JSON.stringify(module)}
      const http = openHttp()
      const { status } = await http.send({ url: new URL(${JSON.stringify(url)}) })
      await http.close()
      console.log(status, process.getActiveResourcesInfo().filter((each) => /TCP|TLS|Timeout/.test(each)).join())
    `
    const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script]
    expect((await promisify(execFile)(process.execPath, args)).stdout).toMatch(/^200 \n$/)
  })
})

test('what is no URL of an HTTP proxy is refused without repeating it', () => {
  for (const proxy of [
    'ftp://proxy.example.org',
    'socks5://127.0.0.1:1',
    `http://%zz:${canary}@127.0.0.1`,
    `http://user:${canary}@[`,
    'http://',
  ]) {
    for (const options of [{ https: proxy }, { http: proxy }]) {
      const error = (() => {
        try {
          return openHttp({ proxy: options })
        } catch (reason) {
          return reason
        }
      })()
      expect(error).toBeInstanceOf(CensusError)
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(canary)
    }
  }
})

test('a server that ends each connection leaves nothing that listens behind', async () => {
  const warnings: Error[] = []
  const listen = (warning: Error): void => void warnings.push(warning)
  process.on('warning', listen)
  const closing = await startEngine({ answer: () => ({ headers: { connection: 'close' }, body: {} }) })
  const http = openHttp()
  for (let nth = 0; nth < 15; nth++) expect((await http.send({ url: new URL(closing.url) })).status).toBe(200)
  expect(closing.connections()).toBe(15)
  await http.close()
  await closing.close()
  // Warnings are told a moment later.
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  expect(warnings).toEqual([])
})
