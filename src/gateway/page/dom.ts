/**
 * Makes elements from tags, attributes and text. Names and commands get into the page as text only, never as markup.
 */

type DomChild = Node | string | undefined

export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string | undefined> = {},
  ...children: DomChild[]
): HTMLElementTagNameMap[Tag] {
  return filled(document.createElement(tag), attributes, children)
}

export function s<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string | number | undefined> = {},
  ...children: DomChild[]
): SVGElementTagNameMap[Tag] {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

function filled<E extends Element>(
  element: E,
  attributes: Record<string, string | number | undefined>,
  children: readonly DomChild[],
): E {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) element.setAttribute(name, `${value}`)
  element.append(...children.filter(child => child !== undefined))
  return element
}

/** Puts the children into this order. Moves only those that are out of place, because a moved element loses the focus. */
export function arrange(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children)
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove()
  for (const [at, child] of children.entries()) {
    const there = parent.children[at]
    if (there !== child) parent.insertBefore(child, there ?? null)
  }
}

/** The element with this id in index.html. */
export function byId<E extends HTMLElement>(id: string): E {
  const element = document.getElementById(id)
  if (!element) throw new Error(`no #${id}`)
  return element as E
}
