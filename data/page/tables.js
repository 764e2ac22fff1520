// @ts-check
/* oxlint-disable no-unused-vars -- the page's own script, which follows, uses them */
'use strict'
/*
 * What the scripts of all pages begin with: tables to sort and to filter, and light or dark.
 * It and the page's own script make the one script of a page.
 */
/** Stands where there is no figure. */
const none = '–'

/** @param {unknown} value @returns {value is null | undefined} */
const isNone = (value) => value === null || value === undefined
/** @param {number | null | undefined} value */
const whole = (value) => (isNone(value) ? none : String(value).replace(/\B(?=(\d{3})+$)/g, ','))
/** @param {ParentNode} within @param {string} selector @returns {Element[]} */
const all = (within, selector) => [...within.querySelectorAll(selector)]
/** @param {Element | null | undefined} element @param {string} text */
const say = (element, text) => {
  if (element) element.textContent = text
}

/** What a cell is sorted by: its first number where it has one; a dash is less than all numbers. @param {Element | undefined} cell */
const keyOf = (cell) => {
  const text = cell?.textContent ?? ''
  const number = Number.parseFloat(text.replaceAll(',', ''))
  return { text, number: Number.isNaN(number) ? -Infinity : number }
}

/** Headings become buttons that sort. @param {HTMLTableElement} table */
const makeSortable = (table) => {
  const heads = all(table, 'thead th')
  const body = table.tBodies[0]
  if (!body) return
  heads.forEach((head, column) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = head.textContent
    head.textContent = ''
    head.append(button)
    button.addEventListener('click', () => {
      const isText = head.classList.contains('text')
      const before = head.getAttribute('aria-sort')
      const isDescending = before === null ? !isText : before === 'ascending'
      for (const each of heads) each.removeAttribute('aria-sort')
      head.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending')
      const rows = [...body.rows].map((row) => ({ row, key: keyOf(row.cells[column]) }))
      rows.sort((a, b) => {
        const order = isText
          ? a.key.text < b.key.text
            ? -1
            : a.key.text > b.key.text
              ? 1
              : 0
          : a.key.number - b.key.number || 0
        return isDescending ? -order : order
      })
      body.append(...rows.map(({ row }) => row))
    })
  })
}

/** @param {Element} filters @param {string} kind */
const inputOf = (filters, kind) => {
  const input = filters.querySelector(`[data-filter="${kind}"]`)
  return input instanceof HTMLInputElement ? input : undefined
}

/** Hides the rows whose names lack what is typed. @param {Element} filters @param {HTMLTableElement} table @param {string} rowsShown */
const filterRows = (filters, table, rowsShown) => {
  const output = filters.querySelector('output')
  const input = inputOf(filters, 'rows')
  input?.addEventListener('input', () => {
    const wanted = input.value.trim().toLowerCase()
    const rows = [...(table.tBodies[0]?.rows ?? [])]
    for (const row of rows) {
      const head = row.cells[0]
      const text = `${head?.textContent} ${head?.title} ${row.querySelector('bdi')?.textContent ?? ''}`
      row.hidden = !text.toLowerCase().includes(wanted)
    }
    const shown = rows.filter((row) => !row.hidden).length
    say(output, rowsShown.replace('{shown}', whole(shown)).replace('{all}', whole(rows.length)))
  })
}

/** @param {string} id */
const select = (id) => {
  const found = document.getElementById(id)
  return found instanceof HTMLSelectElement ? found : undefined
}

/**
 * Lets another view be chosen, and another service of it, which is then shown. The first view is there.
 * @template {{ services: { name: string }[] }} View
 * @param {View[]} views
 * @param {(section: Element, view: View, service: View['services'][number]) => void} show
 * @returns {Element[]} the section of each view
 */
const choosing = (views, show) => {
  const viewSelect = select('choose-view')
  const serviceSelect = select('choose-service')
  const sections = all(document, '[data-view]')
  const current = () => Number(viewSelect?.value ?? 0)
  const showCurrent = () => sections.forEach((section, index) => section.toggleAttribute('hidden', index !== current()))
  const chosen = views.map(() => 0)
  viewSelect?.addEventListener('change', () => {
    showCurrent()
    const view = views[current()]
    if (!serviceSelect || !view) return
    serviceSelect.replaceChildren(...view.services.map(({ name }, index) => new Option(name, String(index))))
    serviceSelect.value = String(chosen[current()])
  })
  serviceSelect?.addEventListener('change', () => {
    chosen[current()] = Number(serviceSelect.value)
    const [section, view] = [sections[current()], views[current()]]
    const service = view?.services[chosen[current()] ?? 0]
    if (section && view && service) show(section, view, service)
  })
  // A browser that loads a page again keeps what was chosen.
  for (const each of [viewSelect, serviceSelect]) if (each) each.selectedIndex = 0
  showCurrent()
  return sections
}

const root = document.documentElement
document.getElementById('theme')?.addEventListener('click', () => {
  const isDark =
    (root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark'
  root.dataset.theme = isDark ? 'light' : 'dark'
})
for (const element of all(document, '[data-scripted]')) element.removeAttribute('hidden')
