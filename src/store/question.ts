import { wrongInput } from '../model/errors.ts'
import { one, openDatabase, sqlText } from './duckdb.ts'

/** A question as it was understood. */
export interface Question {
  readonly sql: string
  /** Names of the tables it reads, in lower case; those that it makes itself (WITH) too. */
  readonly tables: ReadonlySet<string>
  /** Whether it asks which tables there are. */
  readonly isOfTables: boolean
}

/** All other functions that give rows read files, change settings or tell of this machine; `enable_logging` writes files. */
const rowFunctions: ReadonlySet<string> = new Set(['range', 'generate_series', 'unnest'])

const rule = 'one statement is due, beginning with SELECT, WITH, FROM, DESCRIBE, SUMMARIZE or EXPLAIN'

/**
 * Reads a question without asking it. DuckDB's own parser tells what it is made of, so that no comment, quote or bracket hides anything.
 * @throws CensusError exit 2 for what is not exactly one SELECT, and for functions that reach beyond the tables
 */
export async function readQuestion(sql: string): Promise<Question> {
  // Nothing but a SELECT may be explained: EXPLAIN ANALYZE runs what it explains.
  const select = sql.replace(/^\s*explain\s+(analyze\s)?/i, '')
  const tree = await parsed(select)
  const { statements = [], error_type: kind, error_message: message = '' } = tree
  if (kind === 'not implemented') throw wrongInput('a question can only read', rule)
  if (kind !== undefined) throw wrongInput(`that is no question: ${message.replaceAll(/\s+/g, ' ')}`, rule)
  if (statements.length !== 1) throw wrongInput(`that is no question: ${statements.length} statements`, rule)
  const tables = new Set<string>()
  let isOfTables = false
  // A list of what is still to be seen, as a hostile question can be nested deeper than the stack.
  const left: unknown[] = [...statements]
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (typeof node !== 'object' || node === null) continue
    const { type, table_name: table, function: called, query } = node as SyntaxNode
    if (type === 'BASE_TABLE') tables.add(String(table).toLowerCase())
    if (type === 'SHOW_REF' && query === null) isOfTables = true
    if (type === 'TABLE_FUNCTION') {
      const name = String(called?.function_name)
      if (!rowFunctions.has(name.toLowerCase()))
        throw wrongInput(
          `a question cannot call ${name}()`,
          `of functions that give rows: ${[...rowFunctions].join(', ')}`,
        )
    }
    for (const part of Object.values(node)) if (part !== null) left.push(part)
  }
  return { sql, tables, isOfTables }
}

interface SyntaxNode {
  readonly type?: unknown
  readonly table_name?: unknown
  readonly query?: unknown
  readonly function?: { readonly function_name?: unknown }
}

interface SyntaxTree {
  readonly statements?: readonly unknown[]
  readonly error_type?: string
  readonly error_message?: string
}

async function parsed(sql: string): Promise<SyntaxTree> {
  const database = await openDatabase({ folders: [], temporary: '', oneThread: true })
  try {
    const { tree } = await one(database.connection, `SELECT json_serialize_sql(${sqlText(sql)}::VARCHAR) AS tree`)
    return JSON.parse(String(tree)) as SyntaxTree
  } catch (error) {
    throw wrongInput(`that is no question: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`, rule)
  } finally {
    database.close()
  }
}
