/** Up and down go from row to row, wherever the pointer is; Enter opens, which browsers do by themselves. */

export function moveKeys(): void {
  document.addEventListener('keydown', event => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey || hasArrows(event.target)) return
    const rows = [...document.querySelectorAll<HTMLElement>('.row summary')]
    const at = rows.indexOf(document.activeElement as HTMLElement)
    const next = at === -1 ? rows.at(step > 0 ? 0 : -1) : rows[at + step]
    if (!next) return
    event.preventDefault()
    next.focus()
    next.scrollIntoView({ block: 'nearest' })
  })
}

/** Choices have a use for arrows themselves. A search has not: down leads from it to what it found. */
function hasArrows(target: EventTarget | null): boolean {
  return target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type === 'radio')
}
