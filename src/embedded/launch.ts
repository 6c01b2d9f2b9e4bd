/**
 * Starting the server, on demand and by exactly one of those who want it. All of it happens under start.lock; the server
 * itself holds server.lock from its first moment to its last, so "is the old one gone?" is a question to the kernel and
 * not to a pid file.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.js'
import { sleep } from '../clock.js'
import { SeraError } from '../errors.js'
import { type Environment, findServer, NAMES, type ServerBinary } from './binary.js'
import { type FileLock, lockFile } from './file-lock.js'
import { initialise, lastError } from './initialise.js'
import { runOptions } from './options.js'
import { dataFolder, kindOfData, ownUid, type Place } from './place.js'
import { greets, listens } from './probe.js'
import { WATCH_SCRIPT } from './scripts.js'
