import { readFile, stat } from 'node:fs/promises'
import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml'
import type { z } from 'zod'
import { wrongInput } from '../model/errors.ts'

/** What is said of a file that is not what it should be. */
export interface YamlWords {
  /** `a configuration` */
  readonly what: string
  /** What to do when there is no such file. */
  readonly unreadable: string
  /** What to do when its content is wrong. */
  readonly remedy: string
}

/** What a file says, and how to tell where in it a field stands. */
export interface ReadYaml<T> {
  readonly value: T
  readonly text: string
  /** `, line 3, field ranges.0` */
  readonly at: (...keys: readonly (string | number)[]) => string
}

/** Text of the file as part of a message of one line. */
export const inOneLine = (text: string): string => (/\p{Cc}/u.test(text) ? JSON.stringify(text) : text)

/** A file that people write by hand: anything larger is something else. */
const maxBytes = 2 ** 20

/**
 * Reads a YAML file of a known shape.
 * @throws CensusError exit 2 naming file, line, field and what to do
 */
export async function readYaml<T>(path: string, schema: z.ZodType<T>, words: YamlWords): Promise<ReadYaml<T>> {
  const text = await readText(path, words)
  const lines = new LineCounter()
  const document = parseYaml(path, text, lines, words)
  const checked = schema.safeParse(document.toJS())
  if (!checked.success)
    throw wrongInput(`${path}${faultOf(checked.error.issues[0], document, lines, words)}`, words.remedy)
  return {
    value: checked.data,
    text,
    at: (...keys) => {
      const offset = offsetOf(document, keys)
      return `${offset === undefined ? '' : `, line ${lines.linePos(offset).line}`}, field ${keys.join('.')}`
    },
  }
}

async function readText(path: string, { what, unreadable: hint }: YamlWords): Promise<string> {
  const found = await stat(path).catch((error: Error) => {
    throw wrongInput(`${path} cannot be read: ${error.message.split(',')[0] ?? ''}`, hint)
  })
  if (!found.isFile()) throw wrongInput(`${path} is no file`, hint)
  if (found.size > maxBytes) throw wrongInput(`${path} is larger than 1 MiB: not ${what}`, hint)
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw wrongInput(`${path} cannot be read: ${error.message.split(',')[0] ?? ''}`, hint)
  })
  // Files of /proc have no size, and others may grow meanwhile.
  if (text.length > maxBytes) throw wrongInput(`${path} is larger than 1 MiB: not ${what}`, hint)
  return text
}

function parseYaml(path: string, text: string, lines: LineCounter, { what }: YamlWords): Document.Parsed {
  // The YAML parser follows nesting with the call stack, and Node can end the whole process when that overflows.
  if (isDeep(text)) throw wrongInput(`${path} is nested too deep`, `${what} is four deep at most`)
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const fault = document.errors[0]
  if (fault)
    throw wrongInput(`${path}, line ${lines.linePos(fault.pos[0]).line}: ${fault.message}`, 'mend the YAML there')
  // Aliases can make a small file expand without end; such files have no use for them.
  visit(document, {
    Alias: (_, node) => {
      const line = lines.linePos(node.range?.[0] ?? 0).line
      throw wrongInput(`${path}, line ${line}: YAML aliases (*${node.source}) are not read`, 'write the value out')
    },
  })
  return document
}

const mostLevels = 100

/** Whether brackets, list marks on one line or indentation may go deeper than any such file does. */
function isDeep(text: string): boolean {
  let open = 0
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    open = Math.max(0, open + (bracket === '[' || bracket === '{' ? 1 : -1))
    if (open > mostLevels) return true
  }
  return new RegExp(`^ *(?:[-?:] +){${mostLevels}}|^ {${4 * mostLevels}}`, 'm').test(text)
}

/** `, line 3, field report.per: what is wrong`, from the first issue zod found. */
function faultOf(
  issue: z.core.$ZodIssue | undefined,
  document: Document.Parsed,
  lines: LineCounter,
  { what: whole }: YamlWords,
): string {
  const keys = (issue?.path ?? []).map((key) => (typeof key === 'symbol' ? String(key) : key))
  // An unknown key stands in the mapping it was found in: that key is the field, and its line the place.
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const field = unknown === undefined ? keys : [...keys, unknown]
  const offset = unknown === undefined ? offsetOf(document, keys) : keyOffset(document, keys, unknown)
  const line = offset === undefined ? '' : `, line ${lines.linePos(offset).line}`
  const what = unknown === undefined ? (issue?.message ?? `not ${whole}`) : 'there is no such field'
  return `${line}${field.length === 0 ? '' : `, field ${inOneLine(field.join('.'))}`}: ${what}`
}

/** Where the value stands, or where what should hold it does. */
function offsetOf(document: Document.Parsed, keys: readonly (string | number)[]): number | undefined {
  for (let length = keys.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(keys.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return undefined
}

function keyOffset(document: Document.Parsed, keys: readonly (string | number)[], key: string): number | undefined {
  const map = keys.length === 0 ? document.contents : document.getIn(keys, true)
  const pair = isMap(map) ? map.items.find((each) => isScalar(each.key) && String(each.key.value) === key) : undefined
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
}
