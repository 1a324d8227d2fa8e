import type { Detector } from '../pack.ts';

/** What people write about themselves and others, and pictures of them. */
export const writingDetectors: readonly Detector[] = [
  {
    id: 'text.about-person',
    title: 'free text about a person',
    sensitivity: 'direct',
    treatment: 'fake',
    identifiesPerson: false,
    kinds: ['text'],
    names: [
      { terms: ['about_me', 'about', 'bio', 'biography', 'biographie', 'biografia', 'lebenslauf', 'resume_text', 'cover_letter', 'medical_notes', 'diagnosis_text', 'customer_notes', 'internal_notes', 'staff_notes', 'special_requests', 'sobre_mi', 'sobre_mim'] },
      { terms: ['=notes', '=note', '=comment', '=comments', '=remarks', '=remark', '=description', '=summary', '=signature', '=notizen', '=notiz', '=bemerkung', '=bemerkungen', '=kommentar', '=remarques', '=commentaire', '=commentaires', '=notas', '=observaciones', '=comentarios', '=comentario', '=observacoes', '=anmerkung', '=anmerkungen', '=memo'], in: 'persons' },
    ],
    values: null,
    positive: [{ column: 'about_me' }, { table: 'employees', column: 'notes' }, { table: 'patients', column: 'remarks' }],
    negative: [{ table: 'film', column: 'description' }, { table: 'releases', column: 'notes' }, { column: 'note_id', kind: 'number' }],
  },
  {
    id: 'text.written-by-person',
    title: 'free text by a person',
    sensitivity: 'quasi',
    treatment: 'fake',
    identifiesPerson: false,
    kinds: ['text'],
    names: [
      { terms: ['=text', '=body', '=content', '=message', '=comment', '=title', '=subject', '=note', '=notes', '=answer', '=question', '=review', '=feedback', '=description', '=html', '=nachricht', '=inhalt', '=betreff', '=kommentar', '=contenu', '=texte', '=commentaire', '=contenido', '=texto', '=mensaje', '=comentario', '=conteudo', '=mensagem', 'body_html', 'body_text', 'message_text', 'message_body', 'review_text'], in: 'writings' },
      { terms: ['comment_text', 'comment_body', 'review_text', 'review_body', 'message_text', 'message_body', 'customer_comment', 'customer_message', 'customer_note', 'order_comment', 'order_note', 'order_notes', 'delivery_notes', 'delivery_instructions', 'gift_message', 'feedback_text', 'comments', 'free_text', 'freitext', 'kundenbemerkung', 'commentaire_client', 'comentario_cliente'] },
    ],
    values: null,
    positive: [{ table: 'comments', column: 'text' }, { table: 'posts', column: 'body' }, { table: 'posts', column: 'title' }, { table: 'orders', column: 'delivery_notes' }],
    negative: [{ table: 'film', column: 'title' }, { table: 'products', column: 'description' }, { table: 'pages', column: 'body' }],
  },
  {
    id: 'person.picture',
    title: 'picture of a person, or other bytes of theirs',
    sensitivity: 'direct',
    treatment: 'redact',
    identifiesPerson: false,
    kinds: ['bytes'],
    names: [
      { terms: ['avatar', 'portrait', 'profile_picture', 'profile_photo', 'profile_image', 'fingerprint', 'biometric', 'face_image', 'id_scan', 'passbild', 'signature'] },
      { terms: ['=picture', '=photo', '=image', '=img', '=foto', '=bild', '=blob', '=scan', '=document', '=resume', '=cv', '=imagen', '=imagem'], in: 'persons' },
    ],
    values: null,
    positive: [{ table: 'staff', column: 'picture', kind: 'bytes' }, { table: 'employees', column: 'photo', kind: 'bytes' }, { column: 'avatar', kind: 'bytes' }],
    negative: [{ table: 'categories', column: 'picture', kind: 'bytes' }],
  },
];
