import { performance } from 'node:perf_hooks'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { AssetOrder } from '../control/index.ts'
import { InvariantError } from '../media/errors.ts'
import { CopySlabs } from '../media/formats/mp4/index.ts'
import { Delivery, SegmentedService } from '../pipeline/delivery/index.ts'
import type { ListenerContext } from '../pipeline/listeners/index.ts'
import {
  CMAF_FORMAT,
  type FitOptions,
  FittedOutput,
  makeByteOutput,
  SoundBeside,
  TAP_SLOT,
  type TileLayout,
} from '../pipeline/packaging/index.ts'
import { VodService } from '../pipeline/recording/index.ts'
import {
  type LiveStream,
  LogWriter,
  type OwnedStream,
  type Peer,
  type PeerMethods,
  SegmentPool,
  StreamHub,
  type StreamOutput,
} from '../pipeline/stream/index.ts'
import { CodecProcess, CodecUse, DemoPublisher, missingCodecs } from '../pipeline/transcode/index.ts'
import { AccessDeniedError, UnavailableError } from '../platform/errors.ts'
import { type BlobStore, DiskBlobStore } from '../platform/storage/index.ts'
import { errorFields, type Logger, makeLogger } from '../platform/telemetry/index.ts'
import { collectStartGarbage, RpcPort } from '../platform/threads/index.ts'
import { importAsset } from './asset-import.ts'
import { CmafOutputs } from './cmaf-outputs.ts'
import { ConfiguredLadders } from './ladders.ts'
import { Listeners } from './listen.ts'
import { type PictureRequest, Pictures, type Recordings } from './pictures.ts'
import { type RenditionStart, Renditions } from './renditions.ts'
import type { ControlMethods, WorkerData, WorkerMethods } from './worker-messages.ts'
import { WorkerReporter } from './worker-report.ts'

const SWEEP_MS = 1000

interface WorkerPeerMethods extends PeerMethods {
  picture(request: PictureRequest): Promise<Uint8Array>
  startRendition(start: RenditionStart): Promise<void>
}

/** One media worker: owns the connections it accepted and packages the streams published on it. */
class MediaWorker {
  readonly #data: WorkerData
  readonly #control: RpcPort<ControlMethods>
  readonly #log: Logger
  readonly #pool: SegmentPool
  readonly #store: BlobStore
  readonly #cmaf: CmafOutputs
  readonly #hub: StreamHub
  readonly #delivery: Delivery
  readonly #segmented: SegmentedService
  readonly #listeners: Listeners
  readonly #peers = new Map<number, RpcPort<WorkerPeerMethods>>()
  readonly #pictures: Pictures
  readonly #reporter: WorkerReporter
  readonly #renditions: Renditions
  readonly #codecs = new CodecUse()
  /** What lists of HLS and DASH have beside the tracks; tiles where they can be made. */
  readonly #beside: { readonly trickMode: boolean; readonly inLiveHls: boolean; readonly tiles?: TileLayout }
  #viewerCount = 0
  #demo: DemoPublisher | undefined

  constructor(port: MessagePort, data: WorkerData) {
    this.#data = data
    this.#control = new RpcPort<ControlMethods>(port, this.#methods())
    this.#log = makeLogger((line) => this.#control.notify('log', line))
    this.#pool = this.#makePool()
    this.#store = new DiskBlobStore(data.config.storage.path)
    this.#hub = this.#makeHub()
    this.#renditions = new Renditions({
      config: data.config,
      hub: this.#hub,
      worker: data.index,
      internalKey: data.internalKey,
      log: this.#log,
      startOn: (worker, start) => this.#peers.get(worker)?.call('startRendition', start),
    })
    this.#cmaf = this.#makeCmafOutputs()
    const { enabled, inLiveHls, ...layout } = data.config.thumbnails
    const tiles = enabled && missingCodecs() === undefined ? { tiles: layout } : {}
    this.#beside = { trickMode: data.config.dash.trickMode, inLiveHls, ...tiles }
    const { segmentMs } = data.config.hls
    const { maxProcessBytes } = data.config.transcode
    this.#pictures = new Pictures(this.#hub, this.#log, { layout, segmentMs, maxProcessBytes, codecs: this.#codecs })
    const { delivery, hls } = data.config
    this.#delivery = new Delivery({
      hub: this.#hub,
      limits: { ...delivery, firstMediaMs: 30_000 },
      flush: { setting: delivery.flush, minMs: delivery.flushMinMs, maxMs: delivery.flushMaxMs },
      lingerMs: delivery.lingerMs,
      onClosed: (stream, viewer, reason) =>
        this.#log.info('viewer.closed', {
          stream,
          viewer: viewer.id,
          protocol: viewer.protocol,
          remote: viewer.remoteAddress,
          reason,
          sentBytes: viewer.sentBytes,
        }),
    })
    this.#segmented = new SegmentedService({
      hub: this.#hub,
      segmentMs: hls.segmentMs,
      dashTemplate: data.config.dash.template,
      ladders: new ConfiguredLadders(data.config),
      mpegTs: hls.mpegTs,
      beside: this.#beside,
      lingerMs: delivery.lingerMs,
      nowMs: () => performance.now(),
    })
    this.#listeners = new Listeners(this.#listenerContext())
    this.#reporter = new WorkerReporter(
      {
        hub: this.#hub,
        delivery: this.#delivery,
        segmented: this.#segmented,
        pool: this.#pool,
        ladders: this.#renditions.service,
        pictures: this.#pictures,
        codecs: this.#codecs,
      },
      (report) => this.#control.notify('report', report),
    )
    setInterval(() => this.#sweep(), SWEEP_MS).unref()
    this.#control.notify('ready')
    collectStartGarbage()
  }

  #methods(): WorkerMethods {
    return {
      listen: (ports) => this.#listeners.listen(ports),
      connectPeer: (worker, port) => this.#connectPeer(worker, port),
      dropPeer: (worker) => {
        this.#peers.get(worker)?.close(new UnavailableError(`worker ${worker}`, 'it is gone'))
        this.#peers.delete(worker)
        this.#hub.dropPeer(worker)
      },
      streamUp: (entry) => this.#hub.streamUp(entry),
      streamDown: (name) => {
        this.#hub.streamDown(name)
        this.#renditions.onEnded(name)
        this.#cmaf.forget(name)
      },
      kick: (sessionId, reason) => this.#hub.kick(sessionId, reason),
      startDemo: () => this.#startDemo(),
      shed: (decision) => this.#renditions.service.shed(decision),
      holdOffline: () => this.#codecs.hold(),
      releaseOffline: () => this.#codecs.release(),
      importAsset: (order) => this.#importAsset(order),
      stop: () => this.#stop(),
    }
  }

  #makePool(): SegmentPool {
    const { segmentBytes, poolBytes } = this.#data.config.memory
    const maxSegments = Math.max(8, Math.floor(poolBytes / segmentBytes))
    return new SegmentPool({ segmentBytes, maxSegments, ...(this.#data.poisonFreed ? { poison: 'poison-freed' } : {}) })
  }

  #makeHub(): StreamHub {
    const { config, index } = this.#data
    return new StreamHub({
      worker: index,
      pool: this.#pool,
      maxLogBytes: config.memory.maxLogBytes,
      lingerMs: Math.max(config.delivery.lingerMs, 6 * config.hls.segmentMs),
      directory: {
        requestPublish: (request) => this.#control.call('requestPublish', request),
        publishEnded: (sessionId, reason) => this.#control.notify('publishEnded', sessionId, reason),
      },
      makeOutput: (stream, format) => this.#makeOutput(stream, format),
      nowEpochMs: () => Date.now(),
      onOwned: (owned) => this.#onOwned(owned),
      summon: (name, start) => this.#renditions.summon(name, start),
      historyMs: (name) => this.#renditions.historyMs(name),
      onConsumerError: (stream, error) => this.#log.warn('output.failed', { stream, ...errorFields(error) }),
    })
  }

  #makeCmafOutputs(): CmafOutputs {
    const ladders = new ConfiguredLadders(this.#data.config)
    return new CmafOutputs({
      config: this.#data.config,
      pool: this.#pool,
      slabs: new CopySlabs(),
      store: this.#store,
      log: this.#log,
      facts: {
        recordingStarted: (recording) => this.#control.notify('recordingStarted', recording),
        tracksKnown: (id, tracks) => this.#control.notify('tracksKnown', id, tracks),
        initStored: (init) => this.#control.notify('initStored', init),
        segmentStored: (segment) => this.#control.notify('segmentStored', segment),
        recordingEnded: (id, endedMs) => this.#control.notify('recordingEnded', id, endedMs),
      },
      isRendition: (name) => this.#renditions.isRendition(name),
      isBack: (name) => this.#hub.wasLive(name) && ladders.hasStandIn(name),
    })
  }

  /**
   * What the output cannot carry is converted for it, where that is allowed. A recording is of the stream as it is, and
   * has such sound beside it.
   */
  #makeOutput(stream: LiveStream, format: string): StreamOutput {
    const output = this.#makePlainOutput(stream, format)
    const { name } = stream
    const isRecorded = format === CMAF_FORMAT && this.#cmaf.isRecorded(name)
    if (this.#renditions.isRendition(name)) return output
    const options: FitOptions = {
      format,
      substitute: (misfit) => this.#renditions.substitute(name, misfit),
      onFailed: (error) => this.#log.warn('conversion.failed', { stream: name, format, ...errorFields(error) }),
    }
    return isRecorded ? new SoundBeside(output, options) : new FittedOutput(output, options)
  }
  #makePlainOutput(stream: LiveStream, format: string): StreamOutput {
    if (format === CMAF_FORMAT) return this.#cmaf.make(stream.name)
    const newLog = () => new LogWriter(this.#pool, { maxBytes: this.#data.config.memory.maxLogBytes })
    const output = makeByteOutput(format, newLog)
    if (!output) throw new InvariantError(`no output "${format}" for stream ${stream.name}`)
    return output
  }

  /** A recorded stream keeps its CMAF output for as long as it lives, viewers or not. */
  #onOwned(owned: OwnedStream): void {
    const { name } = owned.stream
    owned.stream.onTracks = () => this.#reporter.soon()
    if (!this.#renditions.isRendition(name)) this.#renditions.onOwned(owned)
    if (this.#cmaf.isRecorded(name)) owned.open(CMAF_FORMAT, TAP_SLOT)
  }

  #listenerContext(): ListenerContext {
    const { config, controlSocketPath, index } = this.#data
    const ladders = new ConfiguredLadders(config)
    return {
      config,
      hub: this.#hub,
      delivery: this.#delivery,
      segmented: this.#segmented,
      vod: new VodService({
        store: this.#store,
        recording: (id) => this.#control.call('recording', id),
        membersOf: (stream) => ladders.membersOf(stream),
        beside: this.#beside,
        recordingsOf: (stream, fromMs, toMs) => this.#control.call('recordingsOf', stream, fromMs, toMs),
        nowMs: () => performance.now(),
      }),
      log: this.#log,
      snapshot: (name, format, widthPx) => this.#picture({ name, format, widthPx }),
      recordedPicture: (request) => this.#pictures.ofRecording(request, this.#recordings()),
      liveTile: (name, life, place) =>
        this.#pictures.tileOfStream(`${name} ${life}`, place, () => this.#segmented.tilePictures(name, life, place)),
      recordedTile: async (id, place) => {
        if (!this.#beside.tiles) throw new AccessDeniedError('there are no thumbnails without node-av', 'not-found')
        return await this.#pictures.tileOfRecording(id, place, this.#recordings())
      },
      controlSocketPath,
      newSessionId: () => `v${index.toString(36)}-${(++this.#viewerCount).toString(36)}`,
    }
  }

  #recordings(): Recordings {
    return { store: this.#store, detail: (id) => this.#control.call('recording', id) }
  }

  /** An uploaded file becomes a recording of `assets/NAME`. */
  #importAsset({ id, name, path, profiles }: AssetOrder): Promise<void> {
    return importAsset(
      {
        config: this.#data.config,
        codec: () => this.#codecs.add(new CodecProcess({ log: this.#log, purpose: 'assets', isOffline: true })),
        record: () => this.#cmaf.recorded(name),
        onNews: (news) => this.#control.notify('assetNews', id, news),
      },
      { path, profiles },
    )
  }

  /** The built-in test stream, published like any other by a codec process. */
  #startDemo(): void {
    const { name } = this.#data.config.demo
    const log = this.#log.with({ purpose: 'demo' })
    this.#demo = new DemoPublisher({
      name,
      publish: () =>
        this.#hub.publish({
          name,
          protocol: 'demo',
          remoteAddress: '127.0.0.1',
          key: this.#data.internalKey,
          agent: 'Millrace',
        }),
      codec: () => this.#codecs.add(new CodecProcess({ log, purpose: 'demo' })),
      log: this.#log,
    })
    this.#demo.start()
  }

  async #picture(request: PictureRequest): Promise<Uint8Array> {
    const owner = this.#hub.ownerOf(request.name)
    const peer = owner === undefined ? undefined : this.#peers.get(owner)
    return peer ? await peer.call('picture', request) : await this.#pictures.make(request)
  }

  #connectPeer(worker: number, port: MessagePort): void {
    const local: WorkerPeerMethods = {
      picture: (request) => this.#pictures.make(request),
      startRendition: (start) => this.#renditions.start(start),
      attach: (name, sessionId, shared, times) => this.#hub.attach(name, sessionId, shared, times),
      detach: (name, sessionId) => this.#hub.detach(name, sessionId),
      open: (name, format, asker) => this.#hub.open(name, format, asker),
      close: (name, format, asker) => this.#hub.close(name, format, asker),
      log: (message) => this.#hub.log(message),
    }
    const rpc = new RpcPort<WorkerPeerMethods>(port, local)
    const own = this.#data.index
    const peer: Peer = {
      attach: (name, sessionId, shared, times) => rpc.notify('attach', name, sessionId, shared, times),
      detach: (name, sessionId) => rpc.notify('detach', name, sessionId),
      open: (name, format) => rpc.call('open', name, format, own),
      close: (name, format) => rpc.notify('close', name, format, own),
      log: (message) => rpc.notify('log', message),
    }
    this.#peers.set(worker, rpc)
    this.#hub.setPeer(worker, peer)
  }

  #sweep(): void {
    this.#hub.sweep()
    this.#renditions.sweep()
  }

  async #stop(): Promise<void> {
    await Promise.all([this.#demo?.close(), this.#pictures.close(), this.#renditions.close()])
    this.#hub.shutDown('the server stops')
    this.#delivery.close()
    this.#segmented.close()
    this.#listeners.close()
    await this.#cmaf.settled()
  }
}

if (!parentPort) throw new InvariantError('the media worker runs as a worker thread')
new MediaWorker(parentPort, workerData as WorkerData)
