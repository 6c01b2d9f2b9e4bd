/**
 * The completion scripts. A shell runs `sera --get-yargs-completions sera <words…>`; the last word is incomplete. sera
 * prints one completion a line. Without completions, the shell completes files.
 */
import { basename } from 'node:path'
import { SHELLS } from '../args/built-in.js'

type Shell = (typeof SHELLS)[number]

/** @param shell a name or a path; an unknown shell gets the script of bash */
export function completionScript(shell = ''): string {
  const name = SHELLS.find(one => one === basename(shell)) ?? 'bash'
  return SCRIPTS[name]
}

/** bash splits words at = and :, and replaces only the text after the last of these. */
const BASH = `# sera completion for bash: sera completion bash >>~/.bashrc
_sera() {
    local cur=\${COMP_WORDS[COMP_CWORD]} words=() word glued= offer
    for word in "\${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if [[ \${#words[@]} -gt 0 && ( $glued || $word == [=:] ) ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
        glued=
        [[ $word == [=:] ]] && glued=1
    done
    [[ $cur == [=:] ]] && cur=
    local kept=\${words[-1]%"$cur"}
    COMPREPLY=()
    while IFS= read -r offer; do
        COMPREPLY+=("$(printf %q "\${offer#"$kept"}")")
    done < <(sera --get-yargs-completions "\${words[@]}" 2>/dev/null)
}
complete -o bashdefault -o default -F _sera sera
`

const ZSH = `#compdef sera
# sera completion for zsh: sera completion zsh >>~/.zshrc, after compinit
_sera() {
    local -a offers
    offers=("\${(@f)$(sera --get-yargs-completions "\${(@)words[1,CURRENT]}" 2>/dev/null)}")
    if [[ -n $offers[1] ]]; then
        compadd -- "\${offers[@]}"
    else
        _default
    fi
}
if [[ $funcstack[1] == _sera ]]; then _sera "$@"; else compdef _sera sera; fi
`

const FISH = `# sera completion for fish: sera completion fish >~/.config/fish/completions/sera.fish
function __sera_complete
    set -l offers (sera --get-yargs-completions (commandline -opc) (commandline -ct) 2>/dev/null)
    if test (count $offers) -gt 0
        printf '%s\\n' $offers
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c sera -f -a '(__sera_complete)'
`

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH }
