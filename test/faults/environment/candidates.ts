/**
 * Odd values of a server's variables, as SHOW GLOBAL VARIABLES lists them. Each variable is flipped, has odd values
 * here, or is left out for a reason. A variable that only a newer server has is in none of these groups and is
 * reported.
 */
import type { ServerKind } from '../../../src/embedded/binary.js'

export interface Odd {
  name: string
  value: string
  /** Options to start the server with, where SET GLOBAL is not enough. */
  args: readonly string[]
}

export interface Candidates {
  odd: readonly Odd[]
  leftOut: readonly string[]
  /** In none of the groups. */
  unknown: readonly string[]
}

/** `variables`: names and values, from the server. */
export function candidates(kind: ServerKind, variables: ReadonlyMap<string, string>): Candidates {
  const odd: Odd[] = []
  const leftOut: string[] = []
  const unknown: string[] = []
  const started = STARTED_WITH[kind]
  for (const [name, value] of variables) {
    if (started.some(one => one.name === name)) continue
    const values = valuesOf(kind, name, value)
    if (values) odd.push(...values.map(value => ({ name, value, args: argsOf(name, value) })))
    else if (LEFT_OUT.some(([pattern]) => pattern.test(name))) leftOut.push(name)
    else unknown.push(name)
  }
  return { odd: [...odd, ...started], leftOut, unknown }
}

function valuesOf(kind: ServerKind, name: string, value: string): readonly string[] | undefined {
  const own = VALUES[kind][name] ?? VALUES.both[name]
  if (own) return own
  if (name === 'optimizer_switch') return [value.replace(/\b(?!in_to_exists|materialization)(\w+)=on/g, '$1=off')]
  const flipped = FLIPPED[value]
  return flipped && !LEFT_OUT.some(([pattern]) => pattern.test(name)) ? [flipped] : undefined
}

const FLIPPED: Readonly<Record<string, string>> = { ON: 'OFF', OFF: 'ON', YES: 'NO', NO: 'YES' }

function argsOf(name: string, value: string): string[] {
  const option = name.replace(/^tx_/, 'transaction_').replaceAll('_', '-')
  return [`--${option}=${value}`]
}

const OTHER_MODES = ['ANSI,NO_BACKSLASH_ESCAPES', '', 'TRADITIONAL', 'HIGH_NOT_PRECEDENCE,PIPES_AS_CONCAT,IGNORE_SPACE']

/** Minimum and odd values. */
const VALUES: Readonly<Record<ServerKind | 'both', Readonly<Record<string, readonly string[]>>>> = {
  both: {
    auto_increment_increment: ['65535'],
    auto_increment_offset: ['65535'],
    character_set_client: ['latin1'],
    character_set_connection: ['ucs2'],
    character_set_results: ['ascii'],
    character_set_server: ['latin1', 'utf16'],
    collation_connection: ['latin1_german2_ci'],
    collation_server: ['latin1_german2_ci'],
    completion_type: ['CHAIN', 'RELEASE'],
    concurrent_insert: ['NEVER'],
    connect_timeout: ['2'],
    default_storage_engine: ['MyISAM', 'MEMORY'],
    default_tmp_storage_engine: ['MyISAM'],
    default_week_format: ['7'],
    div_precision_increment: ['0'],
    eq_range_index_dive_limit: ['1'],
    group_concat_max_len: ['4'],
    init_connect: ['SET autocommit = 0', 'START TRANSACTION', 'SET sql_select_limit = 1', "SET NAMES 'latin1'"],
    innodb_autoinc_lock_mode: ['0'],
    innodb_default_row_format: ['compact', 'redundant'],
    innodb_force_recovery: ['1'],
    innodb_lock_wait_timeout: ['1'],
    interactive_timeout: ['1'],
    join_buffer_size: ['128'],
    lc_messages: ['ja_JP'],
    lock_wait_timeout: ['1'],
    max_allowed_packet: ['1024'],
    max_connect_errors: ['1'],
    max_connections: ['10'],
    max_error_count: ['0'],
    max_heap_table_size: ['16384'],
    max_join_size: ['1'],
    max_prepared_stmt_count: ['0'],
    max_sort_length: ['8'],
    max_user_connections: ['1'],
    min_examined_row_limit: ['1000'],
    net_buffer_length: ['1024'],
    net_read_timeout: ['1'],
    net_write_timeout: ['1'],
    session_track_system_variables: ['*'],
    session_track_transaction_info: ['CHARACTERISTICS'],
    sort_buffer_size: ['32768'],
    sql_mode: OTHER_MODES,
    sql_select_limit: ['0', '2'],
    time_zone: ['+13:00'],
    tmp_table_size: ['1024'],
    wait_timeout: ['1'],
  },
  mariadb: {
    alter_algorithm: ['COPY'],
    enforce_storage_engine: ['MyISAM'],
    idle_readonly_transaction_timeout: ['1'],
    idle_transaction_timeout: ['1'],
    idle_write_transaction_timeout: ['1'],
    lock_wait_timeout: ['0', '1'],
    max_statement_time: ['0.001', '1'],
    max_tmp_tables: ['1'],
    note_verbosity: [''],
    old_mode: ['NO_DUP_KEY_WARNINGS_WITH_IGNORE,ZERO_DATE_TIME_CAST'],
    sql_mode: [...OTHER_MODES, 'ORACLE', 'EMPTY_STRING_IS_NULL', 'MAXDB'],
    system_versioning_asof: ['2001-01-01 00:00:00'],
    tx_isolation: ['SERIALIZABLE', 'READ-UNCOMMITTED'],
    use_stat_tables: ['NEVER'],
  },
  mysql: {
    default_collation_for_utf8mb4: ['utf8mb4_general_ci'],
    information_schema_stats_expiry: ['0'],
    internal_tmp_mem_storage_engine: ['MEMORY'],
    max_execution_time: ['1', '1000'],
    range_optimizer_max_mem_size: ['1'],
    transaction_isolation: ['SERIALIZABLE', 'READ-UNCOMMITTED'],
  },
}

/** Options that are not variables, and variables that only work together. */
const STARTED_WITH: Readonly<Record<ServerKind, readonly Odd[]>> = {
  mariadb: [
    startedWith('thread_handling', '--thread-handling=pool-of-threads', '--thread-pool-size=1'),
    startedWith('query_cache_type', '--query-cache-type=1', '--query-cache-size=1M'),
    startedWith('binlog_format', '--log-bin', '--binlog-format=STATEMENT'),
    startedWith('skip-character-set-client-handshake', '--skip-character-set-client-handshake'),
  ],
  mysql: [
    startedWith('disabled_storage_engines', '--disabled-storage-engines=InnoDB'),
    startedWith('binlog_format', '--log-bin=log', '--server-id=1', '--binlog-format=STATEMENT'),
  ],
}

function startedWith(name: string, ...args: string[]): Odd {
  return { name, value: args.join(' '), args }
}

/** Why a variable is left out. The first that fits counts. */
export const LEFT_OUT: readonly (readonly [RegExp, string])[] = [
  [
    /^(aria|myisam|key|delay_key|keep_files|bulk_insert|delayed|max_delayed|max_insert_delayed|low_prio)/,
    'other engines',
  ],
  [
    /^(rocksdb|spider|s3|ndb|ft_|innodb_ft_|ngram|system_versioning|secondary|use_secondary|enable_(cas|sec))/,
    'features that sera does not use',
  ],
  [
    /^(performance_schema|userstat|feedback|histogram|analyze|general_log|slow|log|long_query|profiling|debug|report_)/,
    'what is logged and measured',
  ],
  [
    /^(expire_logs|sql_log|warning|core_file|explain|end_markers|old_alter|print_id|progress|dragnet|component)/,
    'what is logged and measured',
  ],
  [
    /^(binlog|max_binlog|relay|slave|replica|rpl|gtid|master|source|sync_|server_id|sql_slave|sql_replica|group_rep)/,
    'replication: test:clusters',
  ],
  [
    /^(wsrep|rbr|read_binlog|init_(slave|replica|file)|session_track_gtids|enforce_gtid|skip_(slave|replica)|immediate|orig|pseudo)/,
    'replication: test:clusters',
  ],
  [
    /^(ssl|tls|have_|admin_|caching|sha256|authentication|validate|keyring|password|default_password|strict_pass|max_password)/,
    'who may connect, and how',
  ],
  [
    /^(disconnect_on|secure_auth|old_passwords|check_proxy|proxy|mandatory|activate|partial|automatic_sp|require_row|persist)/,
    'who may connect, and how',
  ],
  [
    /^(skip_(show|name|ext|net|grant)|generated_random|connection_control|gssapi|private|default_auth|secure_(file|time))/,
    'who may connect, and how',
  ],
  [
    /(_file|_dir|dir|_path|_socket|_file_prefix|_files)$|^(socket|port|extra_|bind|pid|hostname|license|version|plugin|protocol)/,
    'where things are',
  ],
  [
    /^(mysqlx|unix|named_pipe|create_admin|server_uuid|server_uid|build|system_time|report|socket|lower_case)/,
    'where things are',
  ],
  [
    /^(innodb_(?!autoinc|deadlock_detect|default_row|force_pri|force_rec|lock_wait|read_only|rollback_on|snap|strict|table_locks))/,
    'how InnoDB stores and caches',
  ],
  [
    /^(join_buffer_space|read_(buffer|rnd)|preload|query_(alloc|prealloc|cache)|range_alloc|transaction_(alloc|prealloc))/,
    'sizes of buffers',
  ],
  [
    /^(thread|table_|stored|schema_def|tablespace|temptable|host_cache|metadata|back_log|open_files|large|locked_in)/,
    'sizes of caches and pools',
  ],
  [
    /^(max_(digest|rowid|write_lock|seeks|points|length|session_mem|relay|sp_rec|rec|tmp_session)|rowid|set_operations)/,
    'sizes that sera does not reach',
  ],
  [
    /^(tmp_(disk|mem)|max_tmp|net_retry|expensive|deadlock_(search|timeout)|cte_max|server_memory|container|global_conn|conn)/,
    'sizes that sera does not reach',
  ],
  [
    /^(optimizer|mrr|join_cache|in_predicate|parser|windowing|big_tables_x|xa_|idle_x|cost)/,
    'how a query is planned, not its result',
  ],
  [
    /^(lc_time|date_format|datetime_format|time_format|default_regex|regexp|div_x|block_encryption|column_compression)/,
    'functions that sera does not use',
  ],
  [
    /^(character_set_(database|filesystem|system|collations)|collation_database|default_table_enc|encrypt|storage_engine)/,
    'not global, or the same as another one',
  ],
  [
    /^(innodb_linux|mysql56|old$|error_count|identity|last_|insert_id|rand_seed|timestamp|external|ignore_(db|built))/,
    'not global, or the same as another one',
  ],
  [
    /^(tcp_keepalive|allow_susp|select_into|local_infile|create_old|flush|show|restrict|resultset|terminology|statement_id|xml|automatic|auto_generate)/,
    'what sera does not ask for',
  ],
]
