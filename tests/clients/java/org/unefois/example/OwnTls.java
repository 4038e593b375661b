package org.unefois.example;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HexFormat;
import java.util.Map;
import javax.net.ssl.SSLContext;

/** One call by the HTTP client and the TLS of the JDK itself, without any library: is the hub healthy? */
final class OwnTls {
  /** A gRPC message: not compressed, of no bytes. */
  private static final byte[] EMPTY_MESSAGE = new byte[5];

  private OwnTls() {}

  static Map<String, Object> health(String hub, Stores stores) throws Exception {
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(stores.keys().getKeyManagers(), stores.trusted().getTrustManagers(), null);
    HttpRequest check = HttpRequest.newBuilder(URI.create("https://" + hub + "/grpc.health.v1.Health/Check"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .POST(HttpRequest.BodyPublishers.ofByteArray(EMPTY_MESSAGE))
        .build();
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).sslContext(tls).build();
    HttpResponse<byte[]> answer = client.send(check, HttpResponse.BodyHandlers.ofByteArray());
    return Map.of(
        "http", answer.version().name(),
        "tls", answer.sslSession().orElseThrow().getProtocol(),
        "message", HexFormat.of().formatHex(answer.body()));
  }
}
