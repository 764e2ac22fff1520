// @ts-check
/*
 * report.html, after tables.js: lets another service be chosen.
 * Every figure and text comes from the JSON in the page, and is put there as text, never as markup.
 */
{
  /**
   * @typedef {{ name: string, count: number }} Top
   * @typedef {(number | null)[]} Column for each region, then `unknown` and the total
   * @typedef {{ id: string, name: string, sentence: string, order: number[], end: number, ticks: string[], colours?: string[], legend?: string[],
   *   count: Column, asked?: Column, rate?: Column, low?: Column, high?: Column, ratio?: Column, rank?: Column, notes: number[], small: string,
   *   products?: Top[], networks?: Top[], funnel?: Funnel }} Service
   * @typedef {{ end: number, ticks: string[], outside: string, lines: number[][] }} Funnel
   * @typedef {{ rated: boolean, scoped: boolean, names: string[], short: string[], notes: string[], titles: Record<string, string>, services: Service[] }} View
   * @typedef {{ name: string, length: number, low: number, high: number, text: string, small: boolean }} Bar
   */
  /** @type {{ none: string, rowsShown: string, views: View[] }} */
  const data = JSON.parse(document.getElementById('data')?.textContent ?? '')

  /** @param {number | null | undefined} value */
  const decimal = (value) =>
    isNone(value) ? data.none : value === 0 ? '0' : value >= 999.5 ? whole(Math.round(value)) : value.toPrecision(3)
  /** A length as a part of the axis. @param {number | null | undefined} value @param {number} end */
  const part = (value, end) => Number(((value ?? 0) / end).toFixed(4))
  /** Rows of a chart are moved, not made: what there is of marks stays. @param {Element} section @param {string} name @param {Bar[]} bars @param {string[]} [ticks] */
  const drawBars = (section, name, bars, ticks) => {
    const svg = section.querySelector(`[data-chart="${name}"] svg`)
    if (!(svg instanceof SVGSVGElement)) return
    const left = Number(svg.getAttribute('data-left'))
    const width = Number(svg.getAttribute('data-width'))
    /** @param {string} mark */
    const marks = (mark) => all(svg, `[data-mark="${mark}"] > *`)
    const [rects, lines, figures, names] = [marks('bar'), marks('rule'), marks('text'), marks('y-axis tick label')]
    rects.forEach((rect, row) => {
      const bar = bars[row]
      rect.setAttribute('width', String((bar?.length ?? 0) * width))
      rect.setAttribute('fill', bar?.small ? 'var(--pale)' : 'var(--bar)')
      lines[row]?.setAttribute('x1', String(left + (bar?.low ?? 0) * width))
      lines[row]?.setAttribute('x2', String(left + (bar?.high ?? 0) * width))
      say(figures[row], bar?.text ?? '')
      say(names[row], bar?.name ?? '')
    })
    const row = Number(svg.getAttribute('data-row'))
    // What lies below the last bar is out of sight.
    const height = Number(rects[0]?.getAttribute('y')) - 1 + bars.length * row + (ticks ? 40 : 4)
    svg.setAttribute('viewBox', `0 0 ${svg.viewBox.baseVal.width} ${height}`)
    if (ticks) marks('x-axis tick label').forEach((tick, index) => say(tick, ticks[index] ?? ''))
  }

  /** @param {Top[]} rows @returns {Bar[]} */
  const topBars = (rows) => {
    const most = Math.max(1, ...rows.map(({ count }) => count))
    return rows.map(({ name, count }) => ({
      name,
      length: part(count, most),
      low: 0,
      high: 0,
      text: whole(count),
      small: false,
    }))
  }

  /** @param {Element} section @param {View} view @param {Service} service */
  const drawMap = (section, view, service) => {
    const { colours, legend } = service
    if (!colours || !legend) return
    for (const path of all(section, '[data-map] [data-i]')) {
      const index = Number(path.getAttribute('data-i'))
      path.setAttribute('class', colours[index] ?? 'none')
      say(
        path.querySelector('title'),
        `${view.names[index]}: ${decimal(service.rate?.[index])} (${whole(service.count[index])})`,
      )
    }
    for (const entry of all(section, '[data-range]')) {
      const text = legend[Number(entry.getAttribute('data-range'))] ?? ''
      entry.toggleAttribute('hidden', text === '')
      say(entry.querySelector('span'), text)
    }
  }

  /** Moves the dots and limits of a funnel, whose populations stay where they are. @param {Element} section @param {Service} service */
  const drawFunnel = (section, { funnel, rate }) => {
    const chart = section.querySelector('[data-chart="funnel"]')
    const svg = chart?.querySelector('svg')
    chart?.closest('figure')?.toggleAttribute('hidden', !funnel)
    if (!svg || !funnel) return
    const top = Number(svg.getAttribute('data-top'))
    const height = Number(svg.getAttribute('data-height'))
    /** @param {number | null | undefined} value */
    const y = (value) => top + height * (1 - (value ?? 0) / funnel.end)
    all(svg, '[data-mark="line"] path').forEach((path, line) => {
      const xs = (path.getAttribute('d') ?? '')
        .slice(1)
        .split('L')
        .map((point) => point.split(',')[0])
      path.setAttribute('d', `M${xs.map((x, index) => `${x},${y(funnel.lines[line]?.[index])}`).join('L')}`)
    })
    all(svg, '[data-mark="dot"] circle').forEach((dot, index) => dot.setAttribute('cy', String(y(rate?.[index]))))
    all(svg, '[data-mark="y-axis tick label"] text').forEach((tick, index) => say(tick, funnel.ticks[index] ?? ''))
    say(section.querySelector('[data-outside]'), funnel.outside)
  }

  /** @param {Element} row @param {View} view */
  const indexOf = (row, view) => {
    const name = row.getAttribute('data-i') ?? ''
    const places = view.names.length
    return name === 'unknown' ? places : name === 'total' ? places + 1 : Number(name)
  }

  /** @param {Element} section @param {View} view @param {Service} service */
  const fillDetail = (section, view, service) => {
    const table = section.querySelector('[data-detail]')
    if (!table) return
    say(table.querySelector('caption'), (view.titles.detail ?? '').replace('{service}', service.name))
    for (const row of all(table, 'tbody tr, tfoot tr')) {
      const index = indexOf(row, view)
      const low = service.low?.[index]
      const high = service.high?.[index]
      const texts = [
        whole(service.count[index]),
        ...(view.rated
          ? [
              decimal(service.rate?.[index]),
              isNone(low) || isNone(high) ? data.none : `${decimal(low)} – ${decimal(high)}`,
              decimal(service.ratio?.[index]),
              whole(service.rank?.[index]),
            ]
          : []),
        view.notes[service.notes[index] ?? -1] ?? '',
      ]
      // Before them stand the local name, what was asked, and the population, of which only what was asked is the service's.
      const cells = all(row, 'td')
      if (view.scoped) say(cells[1], whole(service.asked?.[index]))
      texts.forEach((text, position) => say(cells[cells.length - texts.length + position], text))
    }
  }

  /** @param {Element} section @param {View} view @param {Service} service */
  const show = (section, view, service) => {
    say(section.querySelector('[data-sentence]'), service.sentence)
    for (const title of all(section, '[data-title]'))
      say(
        title,
        (view.titles[title.getAttribute('data-title') ?? ''] ?? '').replace('{service}', () => service.name),
      )
    drawMap(section, view, service)
    const values = view.rated ? (service.rate ?? []) : service.count
    const bars = service.order.map((index) => {
      const small = service.small[index] === '1'
      return {
        name: view.short[index] ?? '',
        length: part(values[index], service.end),
        low: view.rated ? part(service.low?.[index], service.end) : 0,
        high: view.rated ? part(service.high?.[index], service.end) : 0,
        text: (view.rated ? decimal(values[index]) : whole(values[index])) + (small ? '*' : ''),
        small,
      }
    })
    drawBars(section, 'bars', bars, service.ticks)
    for (const [name, rows] of /** @type {const} */ ([
      ['products', service.products ?? []],
      ['networks', service.networks ?? []],
    ])) {
      section
        .querySelector(`[data-chart="${name}"]`)
        ?.closest('figure')
        ?.toggleAttribute('hidden', rows.length === 0)
      drawBars(section, name, topBars(rows))
    }
    drawFunnel(section, service)
    fillDetail(section, view, service)
  }

  /** @param {HTMLTableElement} table @param {View} view @param {boolean} isRate */
  const fillMatrix = (table, view, isRate) => {
    for (const row of all(table, 'tbody tr, tfoot tr')) {
      const index = indexOf(row, view)
      all(row, 'td').forEach((cell, column) => {
        const service = view.services[column]
        say(cell, isRate ? decimal(service?.rate?.[index]) : whole(service?.count[index]))
      })
    }
  }

  /** @param {Element} filters @param {HTMLTableElement} table @param {View} view */
  const makeFilterable = (filters, table, view) => {
    filterRows(filters, table, data.rowsShown)
    const columnInput = inputOf(filters, 'columns')
    columnInput?.addEventListener('input', () => {
      const wanted = columnInput.value.trim().toLowerCase()
      const hidden = view.services.map(({ id, name }) => !`${id} ${name}`.toLowerCase().includes(wanted))
      for (const row of table.rows) {
        hidden.forEach((isHidden, index) => {
          const cell = row.cells[index + 1]
          if (cell) cell.hidden = isHidden
        })
      }
    })
    for (const radio of all(filters, 'input[type="radio"]'))
      radio.addEventListener('change', () =>
        fillMatrix(table, view, radio instanceof HTMLInputElement && radio.value === 'rate'),
      )
  }

  choosing(data.views, show).forEach((section, index) => {
    const view = data.views[index]
    if (!view) return
    const filters = all(section, '.filters')
    all(section, '[data-detail], [data-matrix]').forEach((table, position) => {
      if (!(table instanceof HTMLTableElement)) return
      makeSortable(table)
      const mine = filters[position]
      if (mine) makeFilterable(mine, table, view)
    })
  })
}
