package org.unefois.example;

import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContextBuilder;

/** Channels to the hub: mutual TLS with the PKCS#12 files that {@code unefois pki issue} writes. */
final class Connect {
  private Connect() {}

  /** A channel to HOST:PORT with the stores of one system of an agency. */
  static ManagedChannel channel(String hub, Stores stores) throws Exception {
    // The hub speaks TLS 1.3 only, which older versions of Netty offer only when asked.
    SslContextBuilder tls =
        SslContextBuilder.forClient().keyManager(stores.keys()).trustManager(stores.trusted()).protocols("TLSv1.3");
    return NettyChannelBuilder.forTarget(hub).sslContext(GrpcSslContexts.configure(tls).build()).build();
  }
}
