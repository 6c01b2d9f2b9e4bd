/**
 * A strict parser of the text that Prometheus scrapes.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export interface Sample {
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)",?/y
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (NaN|[+-]?Inf|[+-]?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)$`)
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`)
const HELP = new RegExp(`^# HELP (${NAME}) .+$`)

/** @throws Error for a malformed line, a sample without a type, or a duplicate sample */
export function parseExposition(text: string): Sample[] {
  if (!text.endsWith('\n')) throw new Error('the last line lacks a newline')
  const types = new Map<string, string>()
  const seen = new Set<string>()
  return text.split('\n').flatMap(line => {
    if (line === '' || HELP.test(line)) return []
    const [, typed, type] = TYPE.exec(line) ?? []
    if (typed !== undefined && type !== undefined) {
      if (types.has(typed)) throw new Error(`typed twice: ${line}`)
      // as in `promtool check metrics`: a counter's name ends in _total, and no other name does
      if ((type === 'counter') !== typed.endsWith('_total')) throw new Error(`the name does not fit the type: ${line}`)
      types.set(typed, type)
      return []
    }
    const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? refuse(line)
    if (!types.has(name) && types.get(name.replace(/_(bucket|sum|count)$/, '')) !== 'histogram') refuse(line)
    const sample = line.slice(0, line.lastIndexOf(' '))
    if (seen.has(sample)) refuse(line)
    seen.add(sample)
    return [{ name, labels: labelsOf(labels), value: Number(value.replace('Inf', 'Infinity')) }]
  })
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (LABEL.lastIndex = 0; LABEL.lastIndex < text.length; ) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? refuse(text)
    labels[name] = value.replace(/\\(.)/g, (_, letter) => (letter === 'n' ? '\n' : letter))
  }
  return labels
}

function refuse(line: string): never {
  throw new Error(`malformed line: ${line}`)
}
