import { describe, expect, it } from 'vitest'
import { readQuestion } from '../../src/store/question.ts'

describe('readQuestion', () => {
  it.each([
    ['SELECT * FROM census a JOIN main.Observations b USING (ip)', ['census', 'observations']],
    ['WITH mine AS (SELECT 1) FROM mine, (SELECT 1 IN (SELECT ip FROM census))', ['census', 'mine']],
    ['EXPLAIN ANALYZE SELECT * FROM tallies', ['tallies']],
    ['SUMMARIZE census', ['census']],
    ['DESCRIBE SELECT * FROM regions', ['regions']],
    ['SELECT i FROM range(3) t(i), unnest([1]) u;', []],
    ['-- COPY\nVALUES (1)', []],
  ])('%s', async (sql, tables) => {
    expect([...(await readQuestion(sql)).tables].toSorted()).toEqual(tables)
  })

  it('tells a question about tables', async () => {
    expect((await readQuestion('SHOW TABLES')).isOfTables).toBe(true)
    expect((await readQuestion('DESCRIBE census')).isOfTables).toBe(false)
  })

  it.each([
    "COPY census TO 'x'",
    "ATTACH 'x'",
    'INSTALL httpfs',
    'LOAD httpfs',
    'PRAGMA version',
    'SET threads = 1',
    'RESET threads',
    'CALL pragma_version()',
    'CREATE TABLE x (a INT)',
    'DROP VIEW census',
    "EXPORT DATABASE 'x'",
    "IMPORT DATABASE '/etc'",
    'BEGIN',
    'CHECKPOINT',
    'PREPARE x AS SELECT 1',
    'VACUUM',
    'INSERT INTO x VALUES (1)',
    "EXPLAIN ANALYZE COPY census TO 'x'",
    "EXPLAIN /**/ ANALYZE COPY census TO 'x'",
    'EXPLAIN EXPLAIN SELECT 1',
    "EXPLAIN (FORMAT json) COPY census TO 'x'",
    'SELECT 1; SELECT 2',
    "SELECT 1 -- ;\n; COPY census TO 'x'",
    '/* SELECT */ DROP VIEW census',
    'SELECT 1 /* ; */; DROP VIEW census',
    '',
    ';',
    '-- SELECT 1',
    'SELEC 1',
    '\0',
    '('.repeat(50_000),
    `SELECT ${'NOT '.repeat(5000)}true`,
    `SELECT ${'1+'.repeat(20_000)}1`,
  ])('refuses %j', async (sql) => {
    await expect(readQuestion(sql)).rejects.toMatchObject({ exit: 2 })
  })

  it.each([
    "read_csv('/etc/passwd')",
    "read_text('/etc/passwd')",
    "glob('/*')",
    "sniff_csv('x')",
    'duckdb_settings()',
    "enable_logging(storage = 'file')",
    'system.main.enable_logging()',
    '"ENABLE_LOGGING"()',
    'enable_profiling()',
    "query('FROM census')",
    "query_table('census')",
    'pragma_database_list()',
    'checkpoint()',
  ])('refuses rows of %s, wherever they are asked for', async (call) => {
    for (const sql of [
      `FROM ${call}`,
      `SELECT (SELECT 1 FROM ${call})`,
      `WITH x AS (FROM ${call}) FROM x`,
      `EXPLAIN SELECT 1 UNION FROM ${call}`,
      `SUMMARIZE FROM ${call}`,
      `SELECT * FROM range(3) JOIN LATERAL (FROM ${call}) ON true`,
      `FROM (VALUES (1)) WHERE 1 IN (FROM ${call})`,
    ])
      await expect(readQuestion(sql), sql).rejects.toThrow(/^a question cannot call /)
  })
})
