// @ts-check
/*
 * comparison.html, after tables.js: lets another country or service be chosen.
 * Every figure and text comes from the JSON in the page, and is put there as text, never as markup.
 */
{
  /**
   * @typedef {{ order: number[], ticks: string[], parts: [number, number][][], differences: number[] }} Bars
   * @typedef {{ name: string, rows: string[][], bars?: Bars }} Service
   * @typedef {{ short: string[], titles: Record<string, string>, services: Service[] }} View
   */
  /** @type {{ rowsShown: string, views: View[] }} */
  const data = JSON.parse(document.getElementById('data')?.textContent ?? '')

  /** Parts of bars are moved, not made. @param {Element} section @param {View} view @param {Service} service */
  const drawBars = (section, view, { bars, rows }) => {
    const svg = section.querySelector('[data-chart="changes"] svg')
    if (!svg || !bars) return
    const left = Number(svg.getAttribute('data-left'))
    const half = Number(svg.getAttribute('data-width')) / 2
    /** @param {number | undefined} part */
    const x = (part) => String(left + half * (1 + (part ?? 0)))
    /** @param {string} mark */
    const marks = (mark) => all(svg, `[data-mark="${mark}"] > *`)
    const parts = bars.parts.flat()
    marks('bar').forEach((rect, index) => {
      const [from, to] = parts[index] ?? [0, 0]
      rect.setAttribute('x', x(from))
      rect.setAttribute('width', String(half * (to - from)))
    })
    marks('tick').forEach((tick, row) => {
      for (const end of ['x1', 'x2']) tick.setAttribute(end, x(bars.differences[row]))
    })
    marks('text').forEach((text, row) => say(text, rows[bars.order[row] ?? -1]?.[2] ?? ''))
    marks('y-axis tick label').forEach((name, row) => say(name, view.short[bars.order[row] ?? -1] ?? ''))
    marks('x-axis tick label').forEach((tick, index) => say(tick, bars.ticks[index] ?? ''))
  }

  /** @param {Element} section @param {View} view @param {Service} service */
  const show = (section, view, service) => {
    for (const title of all(section, '[data-title]'))
      say(
        title,
        (view.titles[title.getAttribute('data-title') ?? ''] ?? '').replace('{service}', () => service.name),
      )
    say(
      section.querySelector('[data-detail] caption'),
      (view.titles.table ?? '').replace('{service}', () => service.name),
    )
    for (const row of all(section, '[data-detail] tbody tr, [data-detail] tfoot tr')) {
      const cells = all(row, 'td')
      // The first is the region's other name.
      service.rows[Number(row.getAttribute('data-i'))]?.forEach((text, index) => say(cells[index + 1], text))
    }
    drawBars(section, view, service)
  }

  for (const section of choosing(data.views, show)) {
    const table = section.querySelector('[data-detail]')
    const filters = section.querySelector('.filters')
    if (!(table instanceof HTMLTableElement)) continue
    makeSortable(table)
    if (filters) filterRows(filters, table, data.rowsShown)
  }
}
