/** Programs without IPv6, as with systemd's RestrictAddressFamilies= or on a kernel without it. */

/** By architecture: prctl(2), socket(2). */
const NUMBERS: Readonly<Partial<Record<NodeJS.Architecture, readonly [prctl: number, socket: number]>>> = {
  x64: [157, 41],
  arm64: [167, 198],
}

const LOAD = 0x20
const JUMP_IF_EQUAL = 0x15
const RETURN = 0x06
const ALLOW = 0x7fff0000
const FAIL = 0x00050000
const EAFNOSUPPORT = 97
const AF_INET6 = 10

/** The command prefix that denies IPv6; undefined where this machine cannot do it. @see seccomp(2) */
export function withoutIPv6(): string[] | undefined {
  const [prctl, socket] = NUMBERS[process.arch] ?? []
  if (prctl === undefined || socket === undefined) return undefined
  const filter = [
    [LOAD, 0, 0, 0], // the call's number
    [JUMP_IF_EQUAL, 0, 3, socket],
    [LOAD, 0, 0, 16], // its first argument
    [JUMP_IF_EQUAL, 0, 1, AF_INET6],
    [RETURN, 0, 0, FAIL + EAFNOSUPPORT],
    [RETURN, 0, 0, ALLOW],
  ]
  const script = `
    my $filter = pack '(SCCL)*', ${filter.flat().join(', ')};
    my $program = pack 'S x6 P', ${filter.length}, $filter;
    syscall(${prctl}, 38, 1, 0, 0, 0) == 0 or die "no new privileges: $!";
    syscall(${prctl}, 22, 2, $program) == 0 or die "filter: $!";
    exec @ARGV or die "exec: $!"`
  return ['perl', '-e', script]
}
