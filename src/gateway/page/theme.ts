/** Light or dark: as the system is set, unless the user chooses a theme. */
import { byId } from './dom.js'

const THEMES = ['auto', 'light', 'dark'] as const
const SIGNS = { auto: '◐', light: '○', dark: '●' }

export function themeSwitch(): void {
  const button = byId<HTMLButtonElement>('theme')
  let theme = THEMES.find(one => one === remembered()) ?? 'auto'
  const show = () => {
    document.documentElement.dataset.theme = theme
    button.textContent = `${SIGNS[theme]} ${theme}`
    button.setAttribute('aria-label', `Theme: ${theme}. Change it`)
  }
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto'
    remember(theme)
    show()
  })
  show()
}

/** A browser that blocks storage throws. */
function remembered(): string | null {
  try {
    return localStorage.getItem('theme')
  } catch {
    return null
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem('theme', theme)
  } catch {}
}
