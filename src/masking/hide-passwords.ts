/**
 * Hides text that looks like a password in the words of a command.
 *
 * If in doubt, it hides the text. The patterns bound all lengths, so that the cost is linear in the length of the line. They are
 * compiled on first use.
 */

/** The end of a secret's name: `--db-password`, `PGPASSWORD`, `api_key`. `--password-file` is not a secret. */
const SECRET = '(?:password|passwd|passphrase|(?<![a-z])pass|pwd|secret|token|api[-_]?key|credentials?)'
/** A value in a shell line ends at a blank or after its quotes. */
const VALUE = `(?:'[^']*'?|"(?:[^"\\\\]|\\\\.)*"?|[^\\s'";&|)]+)+`
/** Commands that take a password directly after -p. */
const MYSQL = '(?:mysql|mariadb|mycli|mytop|xtrabackup|mariabackup|innobackupex)[\\w-]{0,40}'
const CURL_USER = '(?:-u|--user|--proxy-user)'
/** More words of the same command in a shell line. */
const WORDS = '(?:[^;&|\\n]{0,1000}?\\s)?'

function compile() {
  const anywhere = [
    /((?<![\w+.-])[a-z][\w+.-]{0,30}:\/\/[^\s:@/]{0,256}:)[^\s/]{1,256}(?=@)/gi, // scheme://user:…@host
    /((?:^|[\s'"=])[^\s:@/'"=]{1,256}:)[^\s'"]{1,256}(?=@(?:tcp[46]?|unix)\()/gi, // user:…@tcp(host)
    new RegExp(`((?<![\\w-])(?:authorization|[-\\w]{0,40}${SECRET})\\s*:\\s+)[^'"\\n]+`, 'gi'), // a header
    new RegExp(`("[-\\w]{0,40}${SECRET}"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`, 'gi'), // JSON
  ]
  return {
    anywhere,
    inShellLine: [
      ...anywhere,
      new RegExp(`((?<![-\\w.:])[-\\w.:]*${SECRET}=)${VALUE}`, 'gi'),
      new RegExp(`((?<![-\\w.])--[-\\w.]*${SECRET}\\s+)(?!-)${VALUE}`, 'gi'),
      new RegExp(`((?<![-\\w.])${MYSQL}\\s${WORDS}-p)${VALUE}`, 'g'),
      new RegExp(`((?<![-\\w.])curl\\s${WORDS}${CURL_USER}[\\s=]*[^\\s:]{1,256}:)${VALUE}`, 'g'),
    ],
    /** An argument `--password=…`, `MYSQL_PWD=…`, `-Dkey.password=…`: the rest of the word is the value. */
    assigned: new RegExp(`^([-\\w.:]*${SECRET}=).+$`, 'is'),
    /** An argument `--password`, `--api-key`: the next argument is the value. */
    announced: new RegExp(`^--[-\\w.]*${SECRET}$`, 'i'),
    mysql: new RegExp(`(?:^|/)${MYSQL}$`),
    curl: /(?:^|\/)curl$/,
    curlUser: new RegExp(`^${CURL_USER}$`),
  }
}

let compiled: ReturnType<typeof compile> | undefined

export function hidePasswords(words: readonly string[], hidden: string): string[] {
  compiled ??= compile()
  const { anywhere, inShellLine, assigned, announced, mysql, curl, curlUser } = compiled
  const replaced = (text: string, patterns: readonly RegExp[]) =>
    patterns.reduce((rest, pattern) => rest.replace(pattern, `$1${hidden}`), text)
  const follows = (at: number, program: number) => program !== -1 && at > program
  const mysqlAt = words.findIndex(word => mysql.test(word))
  const curlAt = words.findIndex(word => curl.test(word))
  return words.map((word, at) => {
    const before = words[at - 1] ?? ''
    if (announced.test(before) && !word.startsWith('-')) return hidden
    if (isShellLine(word, before, words.length, assigned)) return replaced(word, inShellLine)
    if (assigned.test(word)) return word.replace(assigned, `$1${hidden}`)
    if (follows(at, mysqlAt) && /^-p./.test(word)) return `-p${hidden}`
    if (follows(at, curlAt) && curlUser.test(before)) return word.replace(/:.+$/s, `:${hidden}`)
    return replaced(word, anywhere)
  })
}

/** A word after `-c`, a single word, or a word with blanks that is not an argument such as `--password=a b`. */
function isShellLine(word: string, before: string, count: number, assigned: RegExp): boolean {
  if (count === 1 || /^-[a-z]*c$/.test(before)) return true
  return /\s/.test(word) && !assigned.test(word)
}
