import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, expect, onTestFinished, test } from 'vitest'
import { listen, type Handler, type Listening, type ServerOptions } from '../../src/net/server.ts'

const echo: Handler = ({ method, target }) => Promise.resolve({ status: 200, json: { method, target } })

async function started(handler: Handler = echo, options: Partial<ServerOptions> = {}): Promise<Listening> {
  const listening = await listen(0, handler, options)
  onTestFinished(() => listening.close())
  return listening
}

/** A connection, with all it has been told; `ended` settles when the server has closed it. */
function dial({ port }: Listening): {
  readonly socket: Socket
  readonly text: () => string
  readonly ended: Promise<void>
} {
  let text = ''
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  socket.on('error', () => undefined)
  return { socket, text: () => text, ended: new Promise((resolve) => socket.on('close', () => resolve())) }
}

/** What the server says to bytes, until it closes the connection. */
async function said(listening: Listening, bytes: string): Promise<{ status: number; json: unknown }> {
  const { socket, text, ended } = dial(listening)
  socket.write(bytes)
  await ended
  const [head = '', body = ''] = text().split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), json: body === '' ? undefined : JSON.parse(body) }
}

const get = (target: string, host = 'localhost'): string =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`

const error = { error: expect.any(String) as string }

describe('the server', () => {
  test('hands the request on as it came, and answers in JSON on one connection after another', async () => {
    const listening = await started()
    for (const target of ['/', '/a?b=%zz', '//x/../y', '*', 'http://elsewhere.example/']) {
      expect(await said(listening, get(target))).toEqual({ status: 200, json: { method: 'GET', target } })
    }
    // Many on one connection.
    const { socket, text, ended } = dial(listening)
    const one = 'GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\n'
    socket.write(one.repeat(30) + get('/2'))
    await ended
    expect(text().match(/HTTP\/1\.1 200 OK/g)).toHaveLength(31)
  })

  test('listens on 127.0.0.1 and on no other address', async () => {
    const { port, url } = await started()
    expect(url).toBe(`http://127.0.0.1:${port}`)
    const others = Object.values(networkInterfaces())
      .flat()
      .flatMap((each) => (each === undefined || each.address === '127.0.0.1' ? [] : [each]))
      .map(({ address, scopeid }) => (scopeid ? undefined : address))
      .filter((address) => address !== undefined)
    // All of 127.0.0.0/8 leads here too.
    for (const address of ['127.0.0.2', ...others]) {
      const socket = connect({ port, host: address })
      const outcome = await new Promise((resolve) => {
        socket.on('connect', () => resolve('connected'))
        socket.on('error', (failure: NodeJS.ErrnoException) => resolve(failure.code))
      })
      socket.destroy()
      expect(outcome, address).not.toBe('connected')
    }
  })

  test('a port that is taken is told', async () => {
    const { port } = await started()
    await expect(listen(port, echo)).rejects.toMatchObject({ exit: 1, message: `port ${port} of 127.0.0.1 is taken` })
  })

  test.each([
    ['evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['localhost:99999999', 421],
    ['\u0001', 400],
    ['x'.repeat(20_000), 421],
    ['x'.repeat(60_000), 431],
    ['localhost:8417', 200],
    ['LOCALHOST', 200],
    ['[::1]:80', 200],
    ['', 421],
  ])('host %j: %s', async (host, status) => {
    const answer = await said(await started(), get('/', host))
    expect(answer.status).toBe(status)
    if (status !== 200) expect(answer.json).toEqual(error)
  })

  test.each([
    ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 421],
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a long target', get(`/${'x'.repeat(60_000)}`), 431],
    ['CONNECT', 'CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n', 405],
    ['Upgrade', 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n', 200],
    ['Expect', 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: a miracle\r\nConnection: close\r\n\r\n', 200],
    ['a body', 'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello', 200],
  ])('%s', async (_, bytes, status) => {
    const listening = await started()
    const answer = await said(listening, bytes)
    expect(answer.status).toBe(status)
    expect(answer.json).toEqual(status === 200 ? expect.any(Object) : error)
    expect((await said(listening, get('/'))).status).toBe(200)
  })

  test('whoever is answered is told to keep nothing, frame nothing, load nothing', async () => {
    const strict = {
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('geolocation=()') as string,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    }
    const listening = await started(({ target }) =>
      target === '/bad' ? Promise.reject(new Error()) : Promise.resolve({ status: 200, headers: {}, text: target }),
    )
    for (const [bytes, status] of [
      [get('/'), 200],
      [get('/bad'), 500],
      [get('/', 'evil.example'), 421],
      ['no HTTP\r\n\r\n', 400],
      [get(`/${'x'.repeat(60_000)}`), 431],
    ] as const) {
      const { socket, text, ended } = dial(listening)
      socket.write(bytes)
      await ended
      const [, ...lines] = (text().split('\r\n\r\n')[0] ?? '').split('\r\n')
      const told = Object.fromEntries(lines.map((line) => line.split(': ', 2)))
      expect(text()).toContain(`HTTP/1.1 ${status} `)
      expect(told).toMatchObject(strict)
    }
  })

  test('a text with its own header fields; of HEAD only those', async () => {
    const listening = await started(() =>
      Promise.resolve({ status: 200, headers: { 'content-type': 'text/plain', 'set-cookie': 'a=b' }, text: 'héllo' }),
    )
    for (const [method, body] of [
      ['GET', 'héllo'],
      ['HEAD', ''],
    ] as const) {
      const response = await fetch(listening.url, { method })
      expect(await response.text()).toBe(body)
      expect(response.headers.get('content-length')).toBe('6')
      expect(response.headers.get('content-type')).toBe('text/plain')
      expect(response.headers.getSetCookie()).toEqual(['a=b'])
    }
  })

  test('what it has to say itself is said as asked', async () => {
    const told: ServerOptions['told'] = (status, what) => ({ status, headers: {}, text: `<${what}>` })
    const { port } = await started(echo, { told })
    const { socket, text, ended } = dial({ port, url: '', close: () => Promise.resolve() })
    socket.write(get('/', 'evil.example'))
    await ended
    expect(text()).toMatch(/\r\n\r\n<This server answers for 127\.0\.0\.1 and localhost only>$/)
  })

  test.each([
    ['0.0.0.0', '192.0.2.1', 200],
    ['0.0.0.0', '[2001:db8::1]:80', 200],
    ['0.0.0.0', 'localhost', 200],
    ['0.0.0.0', 'census.example', 421],
    ['0.0.0.0', '1.2.3', 421],
    ['127.0.0.2', '127.0.0.2', 200],
    ['127.0.0.2', '192.0.2.1', 421],
  ])('listening on %s, host %j: %i', async (address, host, status) => {
    const { port, url } = await started(echo, { address })
    expect(url).toMatch(/^http:\/\/\d+\.\d+\.\d+\.\d+:\d+$/)
    expect(url).not.toContain('0.0.0.0')
    const socket = connect(port, address === '0.0.0.0' ? '127.0.0.1' : address)
    onTestFinished(() => void socket.destroy())
    let text = ''
    socket.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    socket.write(get('/', host))
    await new Promise((resolve) => socket.on('close', resolve))
    expect(text).toContain(`HTTP/1.1 ${status} `)
  })

  test('an address of another machine is told', async () => {
    await expect(listen(0, echo, { address: '192.0.2.77' })).rejects.toMatchObject({
      exit: 2,
      message: '192.0.2.77 is no address of this machine',
    })
  })

  test('a handler that fails is no reason to stop', async () => {
    const listening = await started((request) =>
      request.target === '/bad' ? Promise.reject(new Error('a secret')) : echo(request),
    )
    expect(await said(listening, get('/bad'))).toEqual({
      status: 500,
      json: { error: 'The request could not be answered' },
    })
    expect((await said(listening, get('/'))).status).toBe(200)
  })

  test('so many are worked on at a time, so many wait, the others are refused', async () => {
    let working = 0
    let most = 0
    const go: (() => void)[] = []
    const handler: Handler = async () => {
      most = Math.max(most, ++working)
      await new Promise<void>((resolve) => go.push(resolve))
      working--
      return { status: 200, json: {} }
    }
    const listening = await started(handler, { atATime: 2, waiting: 3 })
    const answers = Array.from({ length: 9 }, () => said(listening, get('/')))
    let refused = 0
    for (const answer of answers) void answer.then(({ status }) => (refused += status === 503 ? 1 : 0))
    while (refused < 4) await new Promise((resolve) => setTimeout(resolve, 5))
    let done = false
    void Promise.all(answers).then(() => (done = true))
    while (!done) {
      go.shift()?.()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(5)
    expect(statuses.filter((status) => status === 503)).toHaveLength(4)
    expect(most).toBe(2)
  })

  test('a client that hangs up is noticed, and harms nobody', async () => {
    let begun: () => void = () => undefined
    const working = new Promise<void>((resolve) => (begun = resolve))
    let noticed: (value: unknown) => void = () => undefined
    const gone = new Promise((resolve) => (noticed = resolve))
    const listening = await started(async ({ target, signal }) => {
      if (target !== '/slow') return { status: 200, json: {} }
      begun()
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      noticed(signal.aborted)
      return { status: 200, json: {} }
    })
    const { socket } = dial(listening)
    socket.write(get('/slow'))
    await working
    socket.destroy()
    expect(await gone).toBe(true)
    expect((await said(listening, get('/'))).status).toBe(200)
  })

  test('an answer that takes too long to make is given up', async () => {
    const listening = await started(
      async ({ signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        return { status: 503, json: { error: 'given up' } }
      },
      { answerMs: 50 },
    )
    expect(await said(listening, get('/'))).toEqual({ status: 503, json: { error: 'given up' } })
  })

  test('a request that dribbles in is cut off, whatever it says', async () => {
    const listening = await started(echo, { arrivalMs: 200 })
    const { socket, text, ended } = dial(listening)
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n')
    const drip = setInterval(() => socket.write('X-a: b\r\n'), 20)
    await ended
    clearInterval(drip)
    expect(text()).toContain('HTTP/1.1 408')
    expect(text()).toContain('{"error":')
  })

  test('one that takes nothing of its answer is cut off', async () => {
    let close: () => void = () => undefined
    const closed = new Promise<void>((resolve) => (close = resolve))
    const handler: Handler = ({ signal }) => {
      signal.addEventListener('abort', () => close())
      return Promise.resolve({ status: 200, json: 'x'.repeat(2 ** 25) })
    }
    const listening = await started(handler, { stallMs: 200 })
    const { socket, text, ended } = dial(listening)
    socket.pause()
    socket.write(get('/'))
    await closed
    // Only what lies in the system's buffers is still to be had.
    socket.resume()
    await ended
    expect(text().length).toBeLessThan(2 ** 25)
  })

  test('no more connections than there may be', async () => {
    const listening = await started(echo, { connections: 2 })
    const [one, two] = [dial(listening), dial(listening)]
    await Promise.all(
      [one, two].map(({ socket }) => new Promise<void>((resolve) => socket.once('connect', () => resolve()))),
    )
    const three = dial(listening)
    await three.ended
    one.socket.write(get('/'))
    await one.ended
    expect(one.text()).toContain('HTTP/1.1 200')
  })

  test('closes although somebody is connected, and is waited for', async () => {
    const listening = await listen(0, echo)
    const idle = dial(listening)
    await new Promise<void>((resolve) => idle.socket.once('connect', () => resolve()))
    await listening.close()
    await idle.ended
    const again = await listen(listening.port, echo)
    expect(again.port).toBe(listening.port)
    await again.close()
  })
})
