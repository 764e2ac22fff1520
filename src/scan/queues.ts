/** Things that wait for a time of their own; the earliest comes first (a binary heap). */
export interface DueQueue<T> {
  readonly size: number
  add(item: T, due: number): void
  /** The one that is due first, if it is due. */
  take(now: number): T | undefined
}

export function dueQueue<T>(): DueQueue<T> {
  const heap: { readonly item: T; readonly due: number; readonly order: number }[] = []
  let added = 0
  const isBefore = (a: number, b: number): boolean => {
    const [one, other] = [heap[a], heap[b]]
    if (one === undefined || other === undefined) return one !== undefined
    return one.due < other.due || (one.due === other.due && one.order < other.order)
  }
  const swap = (a: number, b: number): void => {
    const [one, other] = [heap[a], heap[b]]
    if (one === undefined || other === undefined) return
    heap[a] = other
    heap[b] = one
  }
  return {
    get size() {
      return heap.length
    },
    add: (item, due) => {
      heap.push({ item, due, order: added++ })
      for (let at = heap.length - 1; at > 0 && isBefore(at, (at - 1) >> 1); at = (at - 1) >> 1) swap(at, (at - 1) >> 1)
    },
    take: (now) => {
      const first = heap[0]
      if (first === undefined || first.due > now) return undefined
      const last = heap.pop()
      if (last !== undefined && last !== first) {
        heap[0] = last
        for (let at = 0; ;) {
          const left = 2 * at + 1
          const child = isBefore(left + 1, left) ? left + 1 : left
          if (child >= heap.length || !isBefore(child, at)) break
          swap(at, child)
          at = child
        }
      }
      return first.item
    },
  }
}
