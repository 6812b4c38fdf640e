import { type Av, checked } from '../av.ts'

type NativeFrame = InstanceType<Av['Frame']>
type NativeContext = InstanceType<Av['CodecContext']>

/** Surfaces that an encoder without B-frames may hold at once. */
const POOL = 20

/** Pictures in the memory of a VAAPI device, where its encoders want them. Throws where there is no device. */
export class VaapiSurfaces implements Disposable {
  readonly #av: Av
  readonly #device
  readonly #frames
  readonly #surface

  constructor(av: Av, { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number }) {
    this.#av = av
    this.#device = new av.HardwareDeviceContext()
    checked(av, this.#device.create(av.AV_HWDEVICE_TYPE_VAAPI, null, null), 'VAAPI device')
    this.#frames = new av.HardwareFramesContext()
    this.#frames.alloc(this.#device)
    this.#frames.format = av.AV_PIX_FMT_VAAPI
    this.#frames.swFormat = av.AV_PIX_FMT_NV12
    this.#frames.width = widthPx
    this.#frames.height = heightPx
    this.#frames.initialPoolSize = POOL
    checked(av, this.#frames.init(), 'VAAPI surfaces')
    this.#surface = new av.Frame()
    this.#surface.alloc()
  }

  /** Before the encoder is opened. */
  prepare(context: NativeContext): void {
    context.pixelFormat = this.#av.AV_PIX_FMT_VAAPI
    context.hwFramesCtx = this.#frames
  }
  /** The picture in a surface, valid until the next. */
  upload(picture: NativeFrame): NativeFrame {
    const surface = this.#surface
    surface.unref()
    checked(this.#av, this.#frames.getBuffer(surface, 0), 'VAAPI surface')
    checked(this.#av, this.#frames.transferDataSync(surface, picture, 0), 'VAAPI upload')
    surface.pts = picture.pts
    surface.pictType = picture.pictType
    return surface
  }
  [Symbol.dispose](): void {
    this.#surface.free()
    this.#frames.free()
    this.#device.free()
  }
}
