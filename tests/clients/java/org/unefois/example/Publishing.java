package org.unefois.example;

import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.unefois.publication.v1.PublicationServiceGrpc;
import org.unefois.publication.v1.PublishRequest;
import org.unefois.publication.v1.PublishResponse;

/** One stream of publications, and the answers to them. */
final class Publishing {
  private static final int PATIENCE_SECONDS = 30;

  private Publishing() {}

  static List<PublishResponse> publish(Channel provider, List<PublishRequest> items) throws Exception {
    Answers answers = new Answers();
    StreamObserver<PublishRequest> stream = PublicationServiceGrpc.newStub(provider).publish(answers);
    items.forEach(stream::onNext);
    stream.onCompleted();
    return answers.all.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private static final class Answers implements StreamObserver<PublishResponse> {
    private final List<PublishResponse> received = new ArrayList<>();
    private final CompletableFuture<List<PublishResponse>> all = new CompletableFuture<>();

    @Override
    public void onNext(PublishResponse answer) {
      received.add(answer);
    }

    @Override
    public void onError(Throwable error) {
      all.completeExceptionally(error);
    }

    @Override
    public void onCompleted() {
      all.complete(received);
    }
  }
}
