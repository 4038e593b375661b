package org.unefois.example;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;

/** The key and trust stores of the system {@code main} of an agency, as {@code unefois pki} writes them. */
record Stores(KeyManagerFactory keys, TrustManagerFactory trusted) {

  static Stores of(Path pki, String agency) throws Exception {
    Path own = pki.resolve(agency + "-main.p12");
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(open(own), password(own));
    TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusted.init(open(pki.resolve("ca.p12")));
    return new Stores(keys, trusted);
  }

  private static KeyStore open(Path file) throws Exception {
    return KeyStore.getInstance(file.toFile(), password(file));
  }

  private static char[] password(Path file) throws Exception {
    return Files.readString(Path.of(file + ".password")).strip().toCharArray();
  }
}
