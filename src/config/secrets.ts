import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { wrongInput } from '../model/errors.ts'
import type { EngineFacts } from '../model/engine.ts'
import { secretSettings } from './settings.ts'

/** A key that shows itself to nobody but who asks for it: printed, inspected or written as JSON it is `[key]`. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The key itself, for the request that needs it and for nothing else. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return shown
  }
}

const shown = '[key]'

/** Where a configuration says a key is; the environment goes before it. */
export interface KeySources {
  readonly engine: Pick<EngineFacts, 'title' | 'secret'>
  /** Path of a file with nothing but the key, readable by its owner alone. */
  readonly keyFile?: string
  /** A program and its arguments; the first line it prints is the key. */
  readonly keyCommand?: readonly string[]
}

/** More than any key; what is longer is something else. */
const maxBytes = 64 * 1024

/**
 * An engine's key: from the variable the engine calls `secret`, else from the file that `<SECRET>_FILE` or `keyFile`
 * names, else from `keyCommand`. No error holds the key, or what was in its place.
 * @param limits `commandMs`: how long the command may take, in milliseconds (30 s)
 * @throws CensusError exit 2: there is none, it is no key, others can read the file, or the command fails
 */
export async function readKey(sources: KeySources, limits: { readonly commandMs?: number } = {}): Promise<Secret> {
  const { title, secret } = sources.engine
  const { value, file } = secretSettings(secret)
  if (value !== undefined) return keyOf(value, secret)
  if (file !== undefined) return keyOf(...(await fileText(file, `the file that ${secret}_FILE names`)))
  if (sources.keyFile !== undefined) return keyOf(...(await fileText(sources.keyFile, `the key file for ${title}`)))
  if (sources.keyCommand !== undefined) return keyOf(...(await printed(sources.keyCommand, limits.commandMs ?? 30_000)))
  throw wrongInput(
    `there is no key for ${title}`,
    `set ${secret}, or ${secret}_FILE to a file only you can read, or name a key file or key command in the configuration`,
  )
}

/** Bytes were read as Latin-1, so that each is one character and none outside ASCII passes. */
function keyOf(text: string, where: string): Secret {
  const key = text.replace(/[\r\n]+$/, '')
  if (!/^[!-~]{1,512}$/.test(key))
    throw wrongInput(
      `${where} holds no key`,
      'a key is 1 to 512 printable ASCII characters without spaces, on one line',
    )
  return new Secret(key)
}

/** What a file holds, and what to call it. A path that leads nowhere is not repeated: it may be the key itself. */
async function fileText(path: string, what: string): Promise<[text: string, where: string]> {
  const hint = 'give the path of a file that holds only the key'
  // Opening a named pipe would wait for its writer, and a terminal would become ours.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY
  const file = await open(path, flags).catch((error: unknown) => {
    throw wrongInput(`${what} cannot be read: ${codeOf(error)}`, hint)
  })
  try {
    // What was opened is judged, not the path: a symbolic link is its target, and nothing can be swapped in between.
    await checkOwned(file, path, what)
    const text = await beginning(file).catch((error: unknown) => {
      throw wrongInput(`${what}, ${path}, cannot be read: ${codeOf(error)}`)
    })
    if (text.length > maxBytes) throw wrongInput(`${what}, ${path}, is larger than 64 KiB`, hint)
    return [text, `${what}, ${path},`]
  } finally {
    await file.close()
  }
}

async function checkOwned(file: FileHandle, path: string, what: string): Promise<void> {
  const found = await file.stat()
  if (!found.isFile())
    throw wrongInput(`${what}, ${path}, is no regular file`, 'give the path of a file that holds only the key')
  const own = process.geteuid?.()
  // Windows has neither owners nor modes of this kind.
  if (own === undefined) return
  const { mode, uid } = found
  if (uid !== own && uid !== 0)
    throw wrongInput(`${what}, ${path}, belongs to somebody else (user ${uid})`, 'make a copy that belongs to you')
  if ((mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(3, '0')
    throw wrongInput(`${what}, ${path}, can be read or changed by others (mode ${octal})`, `chmod 600 ${path}`)
  }
}

/** As many bytes as a key file may have, and one more if there is. */
async function beginning(file: FileHandle): Promise<string> {
  const buffer = Buffer.alloc(maxBytes + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length)
    length += bytesRead
    if (bytesRead === 0 || length === buffer.length) return buffer.toString('latin1', 0, length)
  }
}

/** The first line that a command prints. It gets no terminal, no shell and no standard input, and may not stay. */
async function printed([program = '', ...args]: readonly string[], commandMs: number): Promise<[string, string]> {
  const what = `the key command ${JSON.stringify(program)}`
  const hint = 'run it by hand: it must print the key, end with 0 and ask nothing'
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      stop()
      kill()
      reject(wrongInput(`${what} ${why}`, hint))
    }
    const child = start(program, args)
    if (child === undefined) {
      reject(wrongInput(`${what} cannot be run`, 'give a list of words: a program and its arguments'))
      return
    }
    // A group of its own, so that what the command started ends with it.
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended already.
      }
    }
    const timer = setTimeout(() => fail(`takes longer than ${commandMs / 1000} s`), commandMs)
    const stop = (): void => {
      clearTimeout(timer)
      process.off('exit', kill)
      child.stdout.destroy()
    }
    process.once('exit', kill)
    const pieces: Buffer[] = []
    let length = 0
    child.stdout.on('data', (piece: Buffer) => {
      pieces.push(piece)
      length += piece.length
      if (length > maxBytes) fail('prints more than 64 KiB')
    })
    child.on('error', (error) => fail(`cannot be run: ${codeOf(error)}`))
    child.on('close', (code, signal) => {
      if (code !== 0)
        return fail(code === null ? `was ended by ${signal ?? 'a signal'}` : `fails with exit code ${code}`)
      stop()
      resolve([Buffer.concat(pieces).toString('latin1').split('\n', 1)[0] ?? '', `the first line of ${what}`])
    })
  })
}

/** Words that cannot be arguments (NUL) make `spawn` throw an error that repeats them. */
function start(program: string, args: readonly string[]) {
  try {
    return spawn(program, args, { shell: false, detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'no reason given'
